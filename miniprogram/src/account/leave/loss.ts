/** What goes with an account, in words. */
import { count } from '@/format/money'
import { say } from '@/words'

export interface Holdings {
  points: number
  coupons: number
  /** There are more coupons than were counted. */
  moreCoupons: boolean
  exchanges: number
  stamps: number
  tier?: string
}

export function losses({ points, coupons, moreCoupons, exchanges, stamps, tier }: Holdings): string[] {
  const lines = [
    points > 0 ? say('account.leave.points', { n: count(points) }) : undefined,
    coupons > 0 ? say(moreCoupons ? 'account.leave.couponsMany' : 'account.leave.coupons', { n: coupons }) : undefined,
    exchanges > 0 ? say('account.leave.exchanges', { n: exchanges }) : undefined,
    stamps > 0 ? say('account.leave.stamps', { n: stamps }) : undefined,
    tier ? say('account.leave.tier', { tier }) : undefined,
  ]
  return lines.filter((line) => line !== undefined)
}
