/** A change of the points in words, and the lots that it made or took from. */
import type { components } from '@/api/schema'
import { lastDay } from '@/format/date'
import { say, type Key } from '@/words'

export type Entry = components['schemas']['PointsEntryView']
export type Lot = components['schemas']['LotMoveView']

const kindName = (kind: Entry['kind']): string => say(`points.kind.${kind}` as Key)
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Staff write why they adjust; that is what the member reads. */
export const entryName = (entry: Entry): string => (entry.kind === 'adjustment' && entry.reason ? entry.reason : upper(kindName(entry.kind)))

/** `来自消费，2027 年 12 月 31 日前有效`. */
export function lotLine(lot: Lot, taken: boolean): string {
  const end = lot.expires_at ? say(taken ? 'points.usedUntil' : 'points.lotUntil', { day: lastDay(lot.expires_at) }) : say('points.lotForever')
  return `${upper(say('points.lotFrom', { kind: kindName(lot.kind) }))} · ${end}`
}

/** What stands beside the date when there is only one lot: until when the points are good. */
export function oneLot({ lots, points, pending }: Entry): string | undefined {
  const [lot] = lots
  if (!lot || lots.length > 1 || points < 0 || pending > 0) return undefined
  return lot.expires_at ? say('points.lotUntil', { day: lastDay(lot.expires_at) }) : say('points.lotForever')
}
