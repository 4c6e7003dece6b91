/** One quantity, one colour, on every chart: the place of its colour among the theme's series. */
import type { Palette } from '@/parts/chart'

const PLACES = { sales: 0, coupons: 1, members: 2, messages: 3, rest: 4 } as const

export type Quantity = keyof typeof PLACES

export function colourOf(palette: Palette, quantity: Quantity): string {
  return palette.series[PLACES[quantity]] ?? palette.ink
}
