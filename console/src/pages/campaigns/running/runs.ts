/** The runs of a recurring campaign with what came of them, which the report on campaigns tells of all in a span of days. */
import { addDays } from '@/format/time'
import type { components } from '@/api/schema'
import type { Campaign } from '../model'

export type Line = components['schemas']['CampaignLineView']

/** Of the report. */
const LONGEST_DAYS = 400

/** From the first run's day to the last one's; null where nothing ran. */
export function spanOf(runs: readonly Campaign[]): { from: string; to: string } | null {
  const days = runs.flatMap((run) => run.occurrence ?? []).sort()
  const [first, last] = [days[0], days.at(-1)]
  if (!first || !last) return null
  const earliest = addDays(last, 1 - LONGEST_DAYS)
  return { from: first < earliest ? earliest : first, to: last }
}
