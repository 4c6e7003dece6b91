/** What a refund comes to, line by line: the same before it is made and after. */
import type { components } from '@/api/schema'
import { listed } from '@/format/coupon'
import { exact } from '@/format/money'
import { say } from '@/words'

type Money = 'amount_fen' | 'coupon_fen' | 'deducted_fen' | 'gift_fen' | 'payable_fen' | 'points' | 'debt_points'
export type Outcome = Pick<components['schemas']['RefundQuoteView'], Money>

export interface Fact {
  name: string
  text: string
  strong?: boolean
}

export function factsOf(of: Outcome, coupons: string[] = []): Fact[] {
  const fact = (when: boolean, name: string, text: string): Fact[] => (when ? [{ name, text }] : [])
  return [
    ...fact(of.amount_fen !== of.payable_fen, say('staff.refundAmount'), exact(of.amount_fen)),
    ...fact(of.coupon_fen > 0, say('staff.couponShare'), `+${exact(of.coupon_fen)}`),
    ...fact(of.deducted_fen > 0, say('staff.deducted'), `-${exact(of.deducted_fen)}`),
    ...fact(of.gift_fen > 0, say('staff.giftKept'), `-${exact(of.gift_fen)}`),
    { name: say('staff.toCustomer'), text: exact(of.payable_fen), strong: true },
    { name: say('staff.pointsBack'), text: String(-of.points) },
    ...fact(of.debt_points > 0, say('staff.pointsOwed'), String(of.debt_points)),
    ...fact(coupons.length > 0, say('staff.couponsBack'), listed(coupons)),
  ]
}
