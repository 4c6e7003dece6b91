/** A mall item as its dialog edits it. */
import type { components } from '@/api/schema'
import { dayOrNull, isReversed, openFrom, openUntil } from '@/parts/span'

type Schemas = components['schemas']
export type Item = Schemas['MallItemView']
export type Kind = Schemas['MallKind']
export type State = Schemas['PublicationState']

export const KINDS: Kind[] = ['coupon', 'gift', 'service']
export const STATES: State[] = ['draft', 'published', 'withdrawn']

export interface ItemDraft {
  name: string
  description: string
  kind: Kind
  coupon_template_id: string
  points: number | null
  price_fen: number | null
  cost_fen: number | null
  stock: number | null
  limit_per_member: number | null
  from: string | null
  until: string | null
  state: State
}

const STOCK = 100

export function itemDraft(item: Item | null): ItemDraft {
  return {
    name: item?.name ?? '',
    description: item?.description ?? '',
    kind: item?.kind ?? 'gift',
    coupon_template_id: item?.coupon_template_id ?? '',
    points: item?.points ?? null,
    price_fen: item?.price_fen || null,
    cost_fen: item?.cost_fen || null,
    stock: item?.stock ?? STOCK,
    limit_per_member: item?.limit_per_member ?? null,
    from: dayOrNull(item?.open_from),
    until: dayOrNull(item?.open_until),
    state: item?.state ?? 'draft',
  }
}

export function itemBody(draft: ItemDraft): Schemas['MallItemBody'] {
  const isCoupon = draft.kind === 'coupon'
  return {
    name: draft.name.trim(),
    description: draft.description.trim(),
    kind: draft.kind,
    coupon_template_id: isCoupon ? draft.coupon_template_id : null,
    points: draft.points ?? 0,
    // A coupon is there at once: nothing is paid at a till.
    price_fen: isCoupon ? 0 : (draft.price_fen ?? 0),
    cost_fen: draft.cost_fen ?? 0,
    stock: draft.stock ?? 0,
    limit_per_member: draft.limit_per_member,
    open_from: openFrom(draft.from),
    open_until: openUntil(draft.until),
    state: draft.state,
  }
}

export function isItemReady(draft: ItemDraft): boolean {
  const hasCoupon = draft.kind !== 'coupon' || draft.coupon_template_id !== ''
  return draft.name.trim() !== '' && (draft.points ?? 0) > 0 && draft.stock !== null && hasCoupon && !isReversed(draft.from, draft.until)
}
