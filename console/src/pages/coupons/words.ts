/** What a coupon does, in the words of a ticket. */
import { formatCount, formatMoney } from '@/format/number'
import { formatDay, formatWeekday } from '@/format/time'
import { language, listOf, t, tCode } from '@/words'
import type { Draft, Kind, Window } from './draft'

type Offer = Pick<
  Draft,
  'kind' | 'threshold_fen' | 'discount_fen' | 'pay_percent' | 'discount_ceiling_fen' | 'gift_name' | 'exchange_price_fen'
>

/** The large figure of the ticket and what stands before or after it. */
export function figureOf(offer: Offer): { before?: string; figure: string; after?: string } {
  switch (offer.kind) {
    case 'money_off':
      return offer.discount_fen ? { before: '¥', figure: formatMoney(offer.discount_fen).slice(1) } : { figure: '–' }
    case 'percentage':
      return offer.pay_percent ? percentFigure(offer.pay_percent) : { figure: '–' }
    case 'exchange':
      return offer.exchange_price_fen === null
        ? { figure: '–' }
        : { before: '¥', figure: formatMoney(offer.exchange_price_fen).slice(1) }
    default:
      return { figure: t(`coupons.short_${offer.kind}`) }
  }
}

/** 80 % is 8 折 in Chinese and 20 % off in English. */
function percentFigure(payPercent: number) {
  if (language.value === 'en') return { figure: String(100 - payPercent), after: t('coupons.percentOff') }
  return { figure: formatCount(payPercent / 10), after: t('coupons.percentOff') }
}

/** One sentence: 满 ¥30 减 ¥8. */
export function offerLine(offer: Offer): string {
  const least = offer.threshold_fen ? t('coupons.least', { money: formatMoney(offer.threshold_fen) }) : t('coupons.noLeast')
  const ceiling = offer.discount_ceiling_fen ? t('coupons.ceilingLine', { money: formatMoney(offer.discount_ceiling_fen) }) : ''
  const { figure, after = '' } = figureOf(offer)
  const does: Record<Kind, string> = {
    money_off: t('coupons.doesMoney', { money: offer.discount_fen ? formatMoney(offer.discount_fen) : '…' }),
    percentage: `${figure}${after}${ceiling}`,
    gift: t('coupons.doesGift', { name: offer.gift_name || '…' }),
    service: t('coupons.doesService', { name: offer.gift_name || '…' }),
    exchange: t('coupons.doesExchange', { money: formatMoney(offer.exchange_price_fen ?? 0) }),
    free_delivery: `${t('coupons.doesDelivery')}${ceiling}`,
  }
  return `${least}${does[offer.kind]}`
}

export function validityLine(draft: Pick<Draft, 'validity' | 'valid_from' | 'valid_until' | 'valid_days' | 'starts_after_days'>): string {
  if (draft.validity === 'relative') {
    const days = t('coupons.validDaysLine', { n: draft.valid_days ?? 0 })
    return draft.starts_after_days ? `${t('coupons.startsAfterLine', { n: draft.starts_after_days })}${days}` : days
  }
  const day = (given: string | null) => (given ? formatDay(given) : '…')
  return t('coupons.validFixedLine', { from: day(draft.valid_from), until: day(draft.valid_until) })
}

/** Where, when and for whom it is good, one line for each limit. */
export function limitLines(draft: Draft, nameOf: { store: (id: string) => string; tier: (id: string) => string }): string[] {
  return [
    draft.store_ids.length > 0 ? t('coupons.onlyStores', { names: listOf(draft.store_ids.map(nameOf.store)) }) : t('coupons.allStores'),
    draft.categories.some(Boolean) ? t('coupons.onlyCategories', { names: listOf(draft.categories) }) : '',
    draft.products.some(Boolean) ? t('coupons.onlyProducts', { names: listOf(draft.products) }) : '',
    draft.excluded_products.some(Boolean) ? t('coupons.notProducts', { names: listOf(draft.excluded_products) }) : '',
    draft.channels.length === 1 ? t(`coupons.only_${draft.channels[0]!}`) : '',
    ...draft.windows.map(windowLine),
    draft.first_order ? t('coupons.firstOrderLine') : '',
    draft.tiers.length > 0 ? t('coupons.onlyTiers', { names: listOf(draft.tiers.map(nameOf.tier)) }) : '',
    draft.stacking_group.trim() ? t('coupons.stackLine', { name: draft.stacking_group.trim() }) : t('coupons.aloneLine'),
    draft.transferable ? t('coupons.transferLine') : '',
  ].filter(Boolean)
}

// A Monday, so that weekday n is n - 1 days later.
const A_WEEK = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05', '2024-01-06', '2024-01-07']
export const weekdayName = (weekday: number) => formatWeekday(A_WEEK[weekday - 1] ?? A_WEEK[0]!)

function windowLine(window: Window): string {
  const days = window.weekdays ?? []
  const when = days.length === 0 ? t('coupons.everyDay') : listOf(days.map(weekdayName))
  return `${when} ${window.from}–${window.until}`
}

/** What became of a gift; the reasons why a coupon can't be given are the deliveries' words. */
export function giftOutcome(outcome: string): string {
  const own = tCode('coupons', `gift_${outcome}`)
  return own === `gift_${outcome}` ? tCode('reasons', outcome) : own
}
