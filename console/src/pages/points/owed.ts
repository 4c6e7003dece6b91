/** The points that members hold, by the day on which they end. */
import type { components } from '@/api/schema'
import { lastDayBefore } from '@/format/time'

export type Liability = components['schemas']['LiabilityView']

export interface End {
  /** The last day on which they are good; null: they never expire. */
  day: string | null
  points: number
  fen: number
  /** What is still held after it. */
  left: number
}

/** By day, the soonest first; what never expires comes last and stays. */
export function endsOf(liability: Liability): End[] {
  const total = liability.by_end.reduce((sum, end) => sum + end.points, 0)
  const days = liability.by_end
    .map((end) => ({ day: end.expires_at ? lastDayBefore(end.expires_at) : null, points: end.points, fen: end.fen }))
    .sort((a, b) => (a.day ?? '9').localeCompare(b.day ?? '9'))
  let left = total
  return days.map((end) => {
    if (end.day) left -= end.points
    return { ...end, left }
  })
}
