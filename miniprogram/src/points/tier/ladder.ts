/** The tiers in their order, as far as they are known, and what they ask for in words. */
import type { Tier } from '@/card/progress'
import { yuan } from '@/format/money'
import { say, type Key } from '@/words'

export type Right = Tier['rights'][number]

/** A tier as it is shown; what is given on reaching it is named by the programme only. */
export type Rung = Pick<Tier, 'id' | 'rank' | 'name' | 'spend_fen' | 'visits' | 'points_percent' | 'birthday_percent' | 'rights'> & { coupons?: Array<{ name: string }> }

/** The later word counts: the programme's may be of an earlier visit, the member's own is of now. */
export function ladder(...tiers: Array<Rung | null | undefined>): Rung[] {
  const known = new Map<string, Rung>()
  for (const tier of tiers) if (tier) known.set(tier.id, { ...known.get(tier.id), ...tier })
  return [...known.values()].sort((a, b) => a.rank - b.rank)
}

/** `消费满 800 元或到店 12 次`; the lowest asks for nothing. */
export function asks({ spend_fen: fen, visits }: Rung, need: 'any' | 'all'): string {
  const parts = [
    fen ? say('points.tier.asksSpend', { amount: yuan(fen) }) : undefined,
    visits ? say('points.tier.asksVisits', { n: visits }) : undefined,
  ].filter((part) => part !== undefined)
  if (parts.length === 0) return say('points.tier.start')
  return parts.join(` ${say(need === 'any' ? 'points.tier.or' : 'points.tier.and')} `)
}

/** `每月 4 次`. */
export const often = ({ quota, per }: Right): string => (quota === null || quota === undefined ? say('points.tier.free') : say(`points.tier.per.${per}` as Key, { n: quota }))

/** What it gives besides its rights: more points, also in the birthday's month. */
export function points({ points_percent: normal, birthday_percent: birthday }: Rung): string[] {
  const lines: string[] = [say('points.tier.points', { n: normal })]
  if (birthday > normal) lines.push(say('points.tier.birthday', { n: birthday }))
  return lines
}
