/** A coupon template as the form edits it, what keeps it from being saved, and the way to the API and back. */
import type { components } from '@/api/schema'
import { clockOf, dayOf, instantOf } from '@/format/time'

type Schemas = components['schemas']
export type Template = Schemas['CouponTemplateView']
export type Body = Schemas['CouponTemplateBody']
export type Kind = Schemas['CouponKind']
export type Window = Schemas['CouponWindow']
export type Channel = Schemas['SalesChannel']
export type PartialRefund = Schemas['PartialRefund']

export const KINDS: Kind[] = ['money_off', 'percentage', 'gift', 'exchange', 'free_delivery', 'service']
export const CHANNELS: Channel[] = ['store', 'online']
export const PARTIAL_REFUNDS: PartialRefund[] = ['keep', 'give_back_share', 'reissue']

/** Once copies exist only these may change: what members hold stays what it was. */
export const STILL_OPEN = ['stock', 'daily_stock', 'budget_fen'] as const

export interface Draft {
  name: string
  kind: Kind
  threshold_fen: number | null
  discount_fen: number | null
  pay_percent: number | null
  discount_ceiling_fen: number | null
  gift_name: string
  exchange_price_fen: number | null
  validity: 'fixed' | 'relative'
  valid_from: string | null
  valid_until: string | null
  valid_days: number | null
  starts_after_days: number | null
  store_ids: string[]
  categories: string[]
  products: string[]
  excluded_products: string[]
  channels: Channel[]
  windows: Window[]
  first_order: boolean
  tiers: string[]
  stacking_group: string
  transferable: boolean
  partial_refund: PartialRefund
  stock: number | null
  limit_per_member: number | null
  limit_per_day: number | null
  daily_stock: number | null
  claimable: boolean
  claim_from_day: string | null
  claim_from_time: string
  claim_until_day: string | null
  claim_until_time: string
  public_code: string
  cost_fen: number | null
  budget_fen: number | null
}

const DAYS = 30
const STOCK = 1000
const DAY_BEGINS = '00:00'
const DAY_ENDS = '23:59'

export function blankDraft(): Draft {
  return {
    name: '',
    kind: 'money_off',
    threshold_fen: null,
    discount_fen: null,
    pay_percent: null,
    discount_ceiling_fen: null,
    gift_name: '',
    exchange_price_fen: null,
    validity: 'relative',
    valid_from: null,
    valid_until: null,
    valid_days: DAYS,
    starts_after_days: null,
    store_ids: [],
    categories: [],
    products: [],
    excluded_products: [],
    channels: [],
    windows: [],
    first_order: false,
    tiers: [],
    stacking_group: '',
    transferable: false,
    partial_refund: 'keep',
    stock: STOCK,
    limit_per_member: 1,
    limit_per_day: null,
    daily_stock: null,
    claimable: true,
    claim_from_day: null,
    claim_from_time: DAY_BEGINS,
    claim_until_day: null,
    claim_until_time: DAY_ENDS,
    public_code: '',
    cost_fen: null,
    budget_fen: null,
  }
}

const dayOrNull = (at?: string | null) => (at ? dayOf(at) : null)

export function draftOf(template: Template): Draft {
  const { rules } = template
  const conditions = rules.conditions
  return {
    name: rules.name,
    kind: rules.kind,
    threshold_fen: rules.threshold_fen || null,
    discount_fen: rules.discount_fen ?? null,
    pay_percent: rules.pay_percent ?? null,
    discount_ceiling_fen: rules.discount_ceiling_fen ?? null,
    gift_name: rules.gift_name ?? '',
    exchange_price_fen: rules.exchange_price_fen ?? null,
    validity: template.validity,
    valid_from: dayOrNull(template.valid_from),
    valid_until: dayOrNull(template.valid_until),
    valid_days: template.valid_days ?? null,
    starts_after_days: template.starts_after_days ?? null,
    store_ids: rules.all_stores ? [] : [...rules.store_ids],
    categories: [...(conditions.categories ?? [])],
    products: [...(conditions.products ?? [])],
    excluded_products: [...(conditions.excluded_products ?? [])],
    channels: [...(conditions.channels ?? [])],
    windows: (conditions.windows ?? []).map((window) => ({ ...window, weekdays: [...(window.weekdays ?? [])] })),
    first_order: conditions.first_order ?? false,
    tiers: [...(conditions.tiers ?? [])],
    stacking_group: rules.stacking_group ?? '',
    transferable: rules.transferable,
    partial_refund: rules.partial_refund,
    stock: template.stock,
    limit_per_member: template.limit_per_member,
    limit_per_day: template.limit_per_day ?? null,
    daily_stock: template.daily_stock ?? null,
    claimable: template.claimable,
    claim_from_day: dayOrNull(template.claim_from),
    claim_from_time: template.claim_from ? clockOf(template.claim_from) : DAY_BEGINS,
    claim_until_day: dayOrNull(template.claim_until),
    claim_until_time: template.claim_until ? clockOf(template.claim_until) : DAY_ENDS,
    public_code: template.public_code ?? '',
    cost_fen: template.cost_fen || null,
    budget_fen: template.budget_fen ?? null,
  }
}

const instant = (day: string | null, time: string, second: string) =>
  day ? instantOf(day, `${time || DAY_BEGINS}:${second}`).toISOString() : null

export function bodyOf(draft: Draft): Body {
  const isFixed = draft.validity === 'fixed'
  const of = <Value>(kinds: Kind[], value: Value) => (kinds.includes(draft.kind) ? value : null)
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    threshold_fen: draft.threshold_fen ?? 0,
    discount_fen: of(['money_off'], draft.discount_fen),
    pay_percent: of(['percentage'], draft.pay_percent),
    discount_ceiling_fen: of(['percentage', 'free_delivery'], draft.discount_ceiling_fen),
    gift_name: of(['gift', 'service'], draft.gift_name.trim() || null),
    exchange_price_fen: of(['exchange'], draft.exchange_price_fen),
    validity: draft.validity,
    valid_from: isFixed ? draft.valid_from : null,
    valid_until: isFixed ? draft.valid_until : null,
    valid_days: isFixed ? null : draft.valid_days,
    starts_after_days: isFixed ? null : draft.starts_after_days,
    all_stores: draft.store_ids.length === 0,
    store_ids: draft.store_ids,
    conditions: {
      categories: draft.categories.filter(Boolean),
      products: draft.products.filter(Boolean),
      excluded_products: draft.excluded_products.filter(Boolean),
      channels: draft.channels,
      windows: draft.windows,
      first_order: draft.first_order,
      tiers: draft.tiers,
    },
    stacking_group: draft.stacking_group.trim() || null,
    transferable: draft.transferable,
    partial_refund: draft.partial_refund,
    stock: draft.stock ?? 0,
    limit_per_member: draft.limit_per_member ?? 1,
    limit_per_day: draft.limit_per_day,
    daily_stock: draft.daily_stock,
    claimable: draft.claimable,
    claim_from: instant(draft.claim_from_day, draft.claim_from_time, '00'),
    claim_until: instant(draft.claim_until_day, draft.claim_until_time, '59'),
    public_code: draft.public_code.trim() || null,
    cost_fen: draft.cost_fen ?? 0,
    budget_fen: draft.budget_fen,
  }
}

/** What is sent to change a template: all of it, or what may still change once copies exist. */
export function patchOf(draft: Draft, hasCopies: boolean): Schemas['CouponTemplatePatchBody'] {
  const body = bodyOf(draft)
  if (hasCopies) return { stock: body.stock, daily_stock: body.daily_stock, budget_fen: body.budget_fen }
  // Naming stores limits it to them; "all stores" forgets them.
  const { store_ids, all_stores, ...rest } = body
  return all_stores ? { ...rest, all_stores } : { ...rest, store_ids }
}

export type Fault = 'required' | 'order' | 'percent' | 'goods' | 'budget' | 'code' | 'aboveThreshold'
export type Faults = Partial<Record<keyof Draft, Fault>>

const CODE = /^[A-Za-z0-9]{4,32}$/

export function faultsOf(draft: Draft): Faults {
  const faults: Faults = {}
  const need = (field: keyof Draft, isGiven: boolean) => {
    if (!isGiven) faults[field] = 'required'
  }
  need('name', draft.name.trim() !== '')
  need('stock', (draft.stock ?? 0) > 0)
  need('limit_per_member', (draft.limit_per_member ?? 0) > 0)
  if (draft.kind === 'money_off') {
    need('discount_fen', (draft.discount_fen ?? 0) > 0)
    const isGift = draft.threshold_fen !== null && (draft.discount_fen ?? 0) > draft.threshold_fen
    if (isGift) faults.discount_fen = 'aboveThreshold'
  }
  if (draft.kind === 'percentage' && !(draft.pay_percent && draft.pay_percent >= 1 && draft.pay_percent <= 99)) {
    faults.pay_percent = 'percent'
  }
  if (draft.kind === 'gift' || draft.kind === 'service') need('gift_name', draft.gift_name.trim() !== '')
  if (draft.kind === 'exchange') {
    need('exchange_price_fen', draft.exchange_price_fen !== null)
    if (![...draft.categories, ...draft.products].some(Boolean)) faults.categories = 'goods'
  }
  if (draft.validity === 'relative') need('valid_days', (draft.valid_days ?? 0) > 0)
  else {
    need('valid_from', draft.valid_from !== null)
    need('valid_until', draft.valid_until !== null)
    if (draft.valid_from && draft.valid_until && draft.valid_from > draft.valid_until) faults.valid_until = 'order'
  }
  const from = instant(draft.claim_from_day, draft.claim_from_time, '00')
  const until = instant(draft.claim_until_day, draft.claim_until_time, '59')
  if (from && until && from > until) faults.claim_until_day = 'order'
  if (draft.budget_fen !== null && !(draft.cost_fen && draft.budget_fen >= draft.cost_fen)) faults.budget_fen = 'budget'
  if (draft.public_code.trim() && !CODE.test(draft.public_code.replaceAll(/[\s-]/g, ''))) faults.public_code = 'code'
  return faults
}
