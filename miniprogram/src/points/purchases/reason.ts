/** Why an article earned what it did, in words. A kind that this app does not know is told by its name. */
import type { components } from '@/api/schema'
import { isKey, say } from '@/words'

export type Reason = components['schemas']['Reason']

export function reasonText({ kind, name, percent }: Reason): string {
  if (kind === 'rule' && (percent === null || percent === undefined)) return name
  const key = `points.reason.${kind}`
  return isKey(key) ? say(key, { name, percent: percent ?? '' }) : name
}

export const reasonTexts = (reasons: Reason[]): string => reasons.map(reasonText).join(' · ')
