/** A copy as staff look at it: its state as it is now, where it came from, and its moves in words. */
import type { components } from '@/api/schema'
import { formatTime } from '@/format/time'
import type { Tone } from '@/parts/Chip.vue'
import { t, tCode } from '@/words'

type Schemas = components['schemas']
export type HeldCoupon = Schemas['HeldCouponView']
export type Found = Schemas['FoundCodeView']
export type Move = Schemas['CouponMoveView']
export type Redemption = Schemas['CouponRedemptionView']

/** The filters of the list. */
export const SHOWN = ['usable', 'used', 'expired', 'voided'] as const
export type Shown = (typeof SHOWN)[number]

type Stands = Pick<HeldCoupon, 'state' | 'valid_from' | 'valid_until'>

/** What it is good for at this moment; that its time is over may not be marked yet. */
export function standingOf(coupon: Stands, now = Date.now()): { words: string; tone: Tone } {
  if (coupon.state === 'issued' && Date.parse(coupon.valid_until) < now) return { words: t('held.expired'), tone: 'plain' }
  if (coupon.state === 'issued' && Date.parse(coupon.valid_from) > now) return { words: t('held.notYet'), tone: 'brand' }
  const tones: Record<HeldCoupon['state'], Tone> = { issued: 'good', locked: 'warn', used: 'brand', expired: 'plain', voided: 'bad' }
  return { words: t(`held.${coupon.state}`), tone: tones[coupon.state] }
}

/** A used, an expired and a locked one is refused. */
export function canBeVoided(coupon: Stands): boolean {
  return coupon.state === 'issued'
}

export function spanOf(coupon: Stands): string {
  return t('held.span', { from: formatTime(coupon.valid_from), until: formatTime(coupon.valid_until) })
}

export function cameWords(coupon: Pick<HeldCoupon, 'source' | 'source_name'>): string {
  const way = tCode('members', `way_${coupon.source}`)
  return coupon.source_name ? t('held.cameBy', { way, name: coupon.source_name }) : way
}

/** The use that stands, if one does. */
export function liveUse(coupon: Pick<HeldCoupon, 'redemptions'>): Redemption | undefined {
  return coupon.redemptions.find((one) => !one.reversed_at)
}

export function moveWords({ from, to }: Pick<Move, 'from' | 'to'>): string {
  if (!from) return t('held.made')
  if (from === to) return t('held.handedOn')
  if (to === 'issued') return t(from === 'locked' ? 'held.unlocked' : 'held.movedBack')
  return t(`held.${to}`)
}

const REASONS = ['not_sent', 'delivery_failed', 'campaign_cancelled', 'stamps_taken_back', 'order_refunded', 'transferred'] as const

/** The house's own reasons have words; what somebody wrote stays as it was written. */
export function reasonWords(reason: string): string {
  const known = REASONS.find((one) => one === reason)
  return known ? t(`held.why_${known}`) : reason
}

export function byWords({ actor, staff }: Pick<Move, 'actor' | 'staff'>): string {
  return staff ?? tCode('held', `by_${actor}`)
}

export function reversedWords({ reversed_at, reversed_by, reversal_reason }: Redemption): string {
  if (!reversed_at) return ''
  const told = { time: formatTime(reversed_at), reason: reasonWords(reversal_reason ?? '') }
  return reversed_by ? t('held.reversedByLine', { ...told, staff: reversed_by }) : t('held.reversedLine', told)
}
