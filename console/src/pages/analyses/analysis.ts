/** What the analyses show, and the segments that come of them. */
import type { RouteLocationRaw } from 'vue-router'
import type { components } from '@/api/schema'
import type { ApiRule } from '@/pages/audiences/rule'

export type RfmResult = components['schemas']['RfmResult']
export type GridCell = components['schemas']['GridCell']
export type FoundRule = components['schemas']['FoundRule']
export type Good = components['schemas']['Good']
export type Grain = components['schemas']['Grain']

export const SCORES = [1, 2, 3, 4, 5] as const

/** Longer addresses are cut by some servers. */
const LONGEST_NAME = 60

/** While a run is not complete the page asks again. */
export const ASK_AGAIN = 2_000

/** The builder with a rule filled in. */
export function segmentLink(name: string, rule: ApiRule): RouteLocationRaw {
  return { name: 'audience-new', query: { name: name.slice(0, LONGEST_NAME), rule: JSON.stringify(rule) } }
}

export interface GridRow {
  recency: number
  /** Who bought once first, then by the score of the frequency from 1; null: nobody. */
  cells: (GridCell | null)[]
}

/** The most recent buyers first. */
export function gridOf(cells: readonly GridCell[]): GridRow[] {
  const at = (recency: number, frequency: number | null) =>
    cells.find((cell) => cell.recency_score === recency && (cell.frequency_score ?? null) === frequency) ?? null
  return [...SCORES].reverse().map((recency) => ({ recency, cells: [null, ...SCORES].map((frequency) => at(recency, frequency)) }))
}

export interface Span {
  score: number
  /** Inclusive; null is open. */
  from: number | null
  to: number | null
}

/** The values of each score by its cut points, from 5 to 1; a score that no value gets is left out. With `isFewBest` the lowest values are 5. */
export function spansOf(cuts: readonly number[], isFewBest: boolean): Span[] {
  if (cuts.length === 0) return []
  const spans: Span[] = []
  SCORES.forEach((place, index) => {
    const from = index === 0 ? null : (cuts[index - 1] ?? 0) + 1
    const to = cuts[index] ?? null
    if (from !== null && to !== null && from > to) return
    spans.push({ score: isFewBest ? SCORES.length + 1 - place : place, from, to })
  })
  return isFewBest ? spans : spans.reverse()
}

export function nameOf(goods: readonly Good[]): string {
  return goods.map((good) => good.name).join(' + ')
}

/** Who bought what stands in front and not what stands behind; null: a good without a code can't be asked for. */
export function withoutThen(rule: FoundRule, grain: Grain, days: number): ApiRule | null {
  const bought = (good: Good) => (grain === 'category' ? { category: good.name } : { product_code: good.code })
  const goods = [...rule.when, rule.then]
  if (grain === 'product' && goods.some((good) => !good.code)) return null
  const test = (good: Good) => ({ bought: { ...bought(good), within_days: days } })
  return { all: [...rule.when.map(test), { none: [test(rule.then)] }] } as unknown as ApiRule
}

export interface RuleFilter {
  words: string
  least: number
}

/** Rules that name something like the words and whose lift is not below. */
export function chosen(rules: readonly FoundRule[], { words, least }: RuleFilter): FoundRule[] {
  const wanted = words.trim().toLowerCase()
  const isNamed = (good: Good) => good.name.toLowerCase().includes(wanted) || (good.code ?? '').toLowerCase().includes(wanted)
  return rules.filter((rule) => rule.lift >= least && (wanted === '' || [...rule.when, rule.then].some(isNamed)))
}
