/** A pack as its form edits it. */
import type { components } from '@/api/schema'

export type Pack = components['schemas']['CouponPackView']
export type PackBody = components['schemas']['CouponPackBody']

export interface PackDraft {
  name: string
  limit_per_member: number | null
  claimable: boolean
  items: { template_id: string; copies: number | null }[]
}

export function draftOfPack(pack: Pack | null): PackDraft {
  return {
    name: pack?.name ?? '',
    limit_per_member: pack?.limit_per_member ?? 1,
    claimable: pack?.claimable ?? true,
    items: pack?.items.map(({ template_id, copies }) => ({ template_id, copies })) ?? [{ template_id: '', copies: 1 }],
  }
}

/** What is to be saved; null while something is missing. The limit of a pack that was taken only rises. */
export function bodyOfPack(draft: PackDraft, before: Pack | null): PackBody | null {
  const items = draft.items.flatMap(({ template_id, copies }) => (template_id && copies ? [{ template_id, copies }] : []))
  const limit = draft.limit_per_member ?? 0
  const least = before?.taken ? before.limit_per_member : 1
  if (!draft.name.trim() || limit < least || items.length === 0) return null
  return { name: draft.name.trim(), limit_per_member: limit, claimable: draft.claimable, items }
}
