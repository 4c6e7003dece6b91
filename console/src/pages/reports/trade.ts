/** Sums of the trade report that the API leaves to its reader. */
import type { components } from '@/api/schema'

export type Trade = components['schemas']['TradeReportView']
export type Figures = components['schemas']['FiguresView']

/** 0.12 for 12 % more; null where there is nothing to compare with. */
export function changeOf(now: number, before: number): number | null {
  return before === 0 ? null : (now - before) / before
}

/** A share, or null of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

export function averageOrderFen({ sales_fen, orders }: Figures): number | null {
  return orders === 0 ? null : Math.round(sales_fen / orders)
}
