/** A coupon's rules in plain words, and the figure that stands on its ticket. */
import type { components } from '@/api/schema'
import { serverNow } from '@/clock'
import { isKey, locale, say, type Key } from '@/words'
import { until } from './date'
import { figure, yuan } from './money'

export type Rules = components['schemas']['CouponRulesView']

export interface Panel {
  /** Small before the figure: `¥`. */
  before: string
  big: string
  /** Small after it: `折`, or the fen. */
  after: string
}

/** `8.5` for 85: what Chinese shoppers call 8.5 折. */
const zhe = (payPercent: number): string => String(payPercent / 10)

export function panel(rules: Rules): Panel {
  switch (rules.kind) {
    case 'money_off': {
      const { whole, cents } = figure(rules.discount_fen ?? 0)
      return { before: '¥', big: whole, after: cents }
    }
    case 'percentage': {
      const pay = rules.pay_percent ?? 100
      return { before: '', big: locale.value === 'en' ? String(100 - pay) : zhe(pay), after: say('coupons.pay') }
    }
    case 'exchange': {
      const { whole, cents } = figure(rules.exchange_price_fen ?? 0)
      return { before: '¥', big: whole, after: cents }
    }
    case 'gift':
      return { before: '', big: say('coupons.gift'), after: '' }
    case 'free_delivery':
      return { before: '', big: say('coupons.delivery'), after: '' }
    case 'service':
      return { before: '', big: say('coupons.service'), after: '' }
  }
}

/** `满 100 元可用` or `无门槛`. */
export const threshold = (rules: Rules): string => (rules.threshold_fen > 0 ? say('coupons.over', { amount: yuan(rules.threshold_fen) }) : say('coupons.noThreshold'))

export function stores(rules: Rules, names: string[] = []): string {
  if (rules.all_stores) return say('coupons.allStores')
  return names.length > 0 && names.length <= 2 ? listed(names) : say('coupons.someStores', { n: rules.store_ids.length })
}

export const listed = (names: string[]): string => names.join(locale.value === 'en' ? ', ' : '、')

/** Articles have codes and no names here, so only categories are named. */
export function goods({ conditions }: Rules): string | undefined {
  const kinds = conditions.categories ?? []
  if (kinds.length > 0) return say('coupons.goods', { goods: listed(kinds) })
  if ((conditions.products ?? []).length > 0) return say('coupons.someGoods')
  return (conditions.excluded_products ?? []).length > 0 ? say('coupons.exceptGoods') : undefined
}

/** `仅限 银卡、金卡 领取`: who may take an offer, of the brand's tiers. */
export function forTiers({ conditions }: Rules, tiers: Array<{ id: string; name: string }>): string | undefined {
  const named = tiers.filter(({ id }) => conditions.tiers?.includes(id)).map(({ name }) => name)
  return named.length > 0 ? say('coupons.onlyTiers', { names: listed(named) }) : undefined
}

const span = (from: string, until: string): string | undefined => (from === until ? undefined : `${from}–${until}`)

/** `仅周三、周五 14:00–17:00`. */
export function hours({ conditions }: Rules): string | undefined {
  const windows = (conditions.windows ?? []).map(({ weekdays = [], from, until: to }) => {
    const names = listed(weekdays.map((number) => say(`coupons.weekday.${number}` as Key)))
    return [names, span(from, to)].filter(Boolean).join(' ')
  })
  return windows.some((each) => each !== '') ? say('coupons.weekdays', { days: windows.join(locale.value === 'en' ? '; ' : '；') }) : undefined
}

const listedChannels = ({ conditions }: Rules): string => (conditions.channels ?? []).join()

/** Who and where besides stores: `仅限首单`, `仅限线上`. */
export function others(rules: Rules): string | undefined {
  const channel = listedChannels(rules)
  const parts = [
    rules.conditions.first_order ? say('coupons.firstOrder') : undefined,
    channel === 'online' || channel === 'store' ? say(`coupons.channel.${channel}`) : undefined,
  ]
  const told = parts.filter((part) => part !== undefined)
  return told.length > 0 ? listed(told) : undefined
}

function given(rules: Rules): string | undefined {
  if (rules.kind === 'gift' && rules.gift_name) return say('coupons.giftOf', { gift: rules.gift_name })
  if (rules.kind === 'service' && rules.gift_name) return say('coupons.serviceOf', { gift: rules.gift_name })
  if (rules.discount_ceiling_fen) return say('coupons.ceiling', { amount: yuan(rules.discount_ceiling_fen) })
  return undefined
}

/** `全部门店，限 茶饮，最多减 20 元`: what stands under the name. */
export function ruleLine(rules: Rules, storeNames: string[] = []): string {
  const onlineOnly = listedChannels(rules) === 'online'
  const parts = [given(rules), onlineOnly ? undefined : stores(rules, storeNames), goods(rules), hours(rules), others(rules)]
  return parts.filter((part) => part !== undefined).join(locale.value === 'en' ? ', ' : '，')
}

export interface Timed {
  validity: 'fixed' | 'relative'
  valid_until?: string | null
  valid_days?: number | null
}

/** How long an offer will be good once it is claimed. */
export function validity(offer: Timed): string | undefined {
  if (offer.valid_days) return say('coupons.validDays', { n: offer.valid_days })
  return offer.valid_until ? until(offer.valid_until) : undefined
}


/** How to get most out of it, where that isn't plain from the figure. */
export function bestUse(rules: Rules): string | undefined {
  const { discount_ceiling_fen: ceiling, pay_percent: pay } = rules
  if (rules.kind === 'percentage' && ceiling && pay && pay < 100)
    return say('coupon.hintCeiling', { amount: yuan(Math.max(Math.ceil((ceiling * 100) / (100 - pay)), rules.threshold_fen)), ceiling: yuan(ceiling) })
  if (rules.kind === 'money_off' && rules.threshold_fen > 0) return say('coupon.hintThreshold', { amount: yuan(rules.threshold_fen) })
  return undefined
}

/** A coupon as its owner sees it. */
export type Coupon = components['schemas']['MyCouponView']

/** A coupon whose time is over counts as expired at once; the server writes it down some time later. */
export function stateOf(coupon: Pick<Coupon, 'state' | 'valid_until'>, nowMs: number = serverNow()): Coupon['state'] {
  return coupon.state === 'issued' && Date.parse(coupon.valid_until) < nowMs ? 'expired' : coupon.state
}

/** The stamp on its ticket; none while it can be used. */
export function stampOf(coupon: Pick<Coupon, 'state' | 'valid_until'>): string | undefined {
  const state = stateOf(coupon)
  return state === 'issued' ? undefined : say(`coupons.stamp.${state}`)
}

/** Why nothing can be claimed, in two or three words for where the button would be; the tap's own answer says it in full. */
export function refusalWords(code: string): string {
  const key = `coupons.refusal.${code}`
  return isKey(key) ? say(key) : say('coupons.refusal.other')
}
