/** The sheet of a stamp card that is being filled, and those that are full. */
import type { components } from '@/api/schema'

export type Card = components['schemas']['MyStampCardView']
export type Sheet = components['schemas']['StampSheetView']

/** A full last sheet is no longer the current one: the next stamp begins another. */
export function current(card: Card): Sheet {
  const last = card.sheets.at(-1)
  if (!last) return { round: 1, stamps: 0 }
  return last.completed_at ? { round: last.round + 1, stamps: 0 } : last
}

export const full = (card: Card): Sheet[] => card.sheets.filter((sheet) => sheet.completed_at)
