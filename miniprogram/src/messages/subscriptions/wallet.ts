/** How many sends of each template the member still allows: what the brand may ask for, and what was allowed before. */
import type { components } from '@/api/schema'

export type Consent = components['schemas']['ConsentView']

export interface Offered {
  template_id: string
  title: string
  kind: 'one_time' | 'long_term'
}

export interface Held extends Offered {
  available: number
}

/** A template that the brand no longer asks for is shown while sends of it are left. */
export function wallet(offered: Offered[], consents: Consent[], otherTitle: string): Held[] {
  const held = (id: string): number => consents.find((each) => each.template_id === id)?.available ?? 0
  const others = consents.filter((each) => each.available > 0 && !offered.some(({ template_id }) => template_id === each.template_id))
  return [
    ...offered.map((each) => ({ ...each, available: held(each.template_id) })),
    ...others.map(({ template_id, kind, available }) => ({ template_id, kind, available, title: otherTitle })),
  ]
}
