/** What several parts of a member's page read. */
import { answered, api } from '@/api/client'

export function tierQuery(id: string) {
  return {
    queryKey: ['member', id, 'tier'],
    queryFn: () => answered(api.GET('/v1/console/members/{id}/tier', { params: { path: { id } } })),
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
