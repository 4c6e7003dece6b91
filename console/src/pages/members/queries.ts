/** What several parts of a member's page read. */
import { answered, api } from '@/api/client'
import type { components } from '@/api/schema'

type Schemas = components['schemas']

/** Where a member stands. */
export interface TierProgress {
  since?: string | null
  frozen_until?: string | null
  counts: Schemas['Counts']
  need: Schemas['Need']
  lifetime: Schemas['SumView']
  window: Schemas['SumView']
  since_change: Schemas['SumView']
  rise?: Schemas['RiseView'] | null
  stay?: Schemas['StayView'] | null
}

export type MemberTier = Omit<Schemas['MyTierView'], 'progress'> & { progress?: TierProgress | null }

export function tierQuery(id: string) {
  return {
    queryKey: ['member', id, 'tier'],
    queryFn: async () => {
      const view = await answered(api.GET('/v1/console/members/{id}/tier', { params: { path: { id } } }))
      // The document gives the progress the name of another view.
      return view as unknown as MemberTier
    },
  }
}
/** The balance and what expires when; the ledger beside it is read page by page. */
export function pointsQuery(id: string) {
  return {
    queryKey: ['member', id, 'points', 'balance'],
    queryFn: () =>
      answered(api.GET('/v1/console/members/{id}/points', { params: { path: { id }, query: { limit: 1 } } })),
  }
}
