/** The theme's colours for charts, and the table behind one. */
export interface Palette {
  series: string[]
  ink: string
  hint: string
  line: string
  surface: string
  good: string
  bad: string
}

export type ChartCell = string | number

export interface ChartTable {
  head: string[]
  rows: ChartCell[][]
  /** How a column's cells are shown; the CSV has them as they are. */
  format?: (((cell: ChartCell) => string) | undefined)[]
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const value = (name: string) => style.getPropertyValue(`--hk-${name}`).trim()
  return {
    series: [1, 2, 3, 4, 5].map((number) => value(`series-${number}`)),
    ink: value('ink'),
    hint: value('ink-3'),
    line: value('line'),
    surface: value('surface'),
    good: value('good'),
    bad: value('bad'),
  }
}
