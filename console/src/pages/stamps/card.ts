/** A stamp card as its dialog edits it. */
import type { components } from '@/api/schema'
import { dayOrNull, isReversed, openFrom, openUntil } from '@/parts/span'

type Schemas = components['schemas']
export type Card = Schemas['StampCardView']

export interface CardDraft {
  name: string
  stamps: number | null
  least_fen: number | null
  per_purchase: number | null
  per_day: number | null
  rounds: number | null
  store_ids: string[]
  categories: string[]
  reward_template_id: string
  state: Schemas['PublicationState']
  from: string | null
  until: string | null
}

const STAMPS = 10

export function cardDraft(card: Card | null): CardDraft {
  return {
    name: card?.name ?? '',
    stamps: card?.stamps ?? STAMPS,
    least_fen: card?.least_fen || null,
    per_purchase: card?.per_purchase ?? 1,
    per_day: card?.per_day ?? null,
    rounds: card?.rounds ?? null,
    store_ids: [...(card?.store_ids ?? [])],
    categories: [...(card?.categories ?? [])],
    reward_template_id: card?.reward_template_id ?? '',
    state: card?.state ?? 'draft',
    from: dayOrNull(card?.open_from),
    until: dayOrNull(card?.open_until),
  }
}

export function cardBody(draft: CardDraft): Schemas['StampCardBody'] {
  return {
    name: draft.name.trim(),
    stamps: draft.stamps ?? 0,
    least_fen: draft.least_fen ?? 0,
    per_purchase: draft.per_purchase ?? 1,
    per_day: draft.per_day,
    rounds: draft.rounds,
    store_ids: draft.store_ids,
    categories: draft.categories.filter(Boolean),
    reward_template_id: draft.reward_template_id,
    state: draft.state,
    open_from: openFrom(draft.from),
    open_until: openUntil(draft.until),
  }
}

export function isCardReady(draft: CardDraft): boolean {
  return (
    draft.name.trim() !== '' &&
    (draft.stamps ?? 0) > 0 &&
    (draft.per_purchase ?? 0) > 0 &&
    draft.reward_template_id !== '' &&
    !isReversed(draft.from, draft.until)
  )
}
