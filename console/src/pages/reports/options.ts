/** Charts of the reports: few lines, labels at the marks, one colour per quantity. */
import type { EChartsOption } from 'echarts'
import { colourOf, type Quantity } from './series'
import type { Palette } from '@/parts/chart'
import { formatDay } from '@/format/time'

const MOST_LABELLED = 14
const MOST_LABEL_WIDTH = 180
const LABEL_GAP = 12
const EM = 12

interface Columns {
  names: readonly string[]
  values: readonly number[]
  quantity: Quantity
  format: (value: number) => string
}

type ByDay = Omit<Columns, 'names'> & { days: readonly string[] }

/** One bar per day. */
export function byDay(palette: Palette, { days, ...columns }: ByDay): EChartsOption {
  return standingBars(palette, { names: days.map(formatDay), ...columns })
}

/** One bar per name; the last and the highest are labelled. */
export function standingBars(palette: Palette, { names, values, quantity, format }: Columns): EChartsOption {
  const highest = values.indexOf(Math.max(...values))
  const isShort = names.length <= MOST_LABELLED
  return {
    grid: { left: 4, right: 12, top: 28, bottom: 4, outerBoundsMode: 'same' },
    tooltip: { trigger: 'axis', valueFormatter: (value) => format(Number(value)), ...surface(palette) },
    xAxis: nameAxis(palette, names),
    yAxis: valueAxis(palette, format),
    series: [
      {
        type: 'bar',
        data: [...values],
        itemStyle: { color: colourOf(palette, quantity), borderRadius: [3, 3, 0, 0] },
        barMaxWidth: 28,
        label: {
          show: true,
          position: 'top',
          color: palette.ink,
          formatter: ({ dataIndex, value }) =>
            Number(value) > 0 && (isShort || dataIndex === highest || dataIndex === values.length - 1) ? format(Number(value)) : '',
        },
        labelLayout: { hideOverlap: true },
      },
    ],
  }
}

/** One line over the days, from nought; the last day is labelled. */
export function lineByDay(palette: Palette, { days, values, quantity, format }: ByDay): EChartsOption {
  const colour = colourOf(palette, quantity)
  return {
    grid: { left: 4, right: 28, top: 28, bottom: 4, outerBoundsMode: 'same' },
    tooltip: { trigger: 'axis', valueFormatter: (value) => format(Number(value)), ...surface(palette) },
    xAxis: nameAxis(palette, days.map(formatDay)),
    yAxis: valueAxis(palette, format),
    series: [
      {
        type: 'line',
        data: [...values],
        symbolSize: 6,
        showSymbol: days.length <= MOST_LABELLED,
        lineStyle: { color: colour, width: 2 },
        itemStyle: { color: colour },
        endLabel: { show: true, color: palette.ink, formatter: ({ value }) => format(Number(value)) },
      },
    ],
  }
}

interface Pair {
  days: readonly string[]
  series: readonly { name: string; values: readonly number[]; quantity: Quantity }[]
  format: (value: number) => string
}

/** Bars of several quantities side by side for each day, named above. */
export function pairByDay(palette: Palette, { days, series, format }: Pair): EChartsOption {
  return {
    grid: { left: 4, right: 12, top: 36, bottom: 4, outerBoundsMode: 'same' },
    tooltip: { trigger: 'axis', valueFormatter: (value) => format(Number(value)), ...surface(palette) },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, itemGap: 24, textStyle: { color: palette.ink } },
    xAxis: nameAxis(palette, days.map(formatDay)),
    yAxis: valueAxis(palette, format),
    series: series.map(({ name, values, quantity }) => ({
      name,
      type: 'bar' as const,
      data: [...values],
      barMaxWidth: 12,
      itemStyle: { color: colourOf(palette, quantity), borderRadius: [3, 3, 0, 0] },
    })),
  }
}

interface Bars {
  names: readonly string[]
  series: readonly { name: string; values: readonly (number | null)[]; quantity: Quantity }[]
  format: (value: number) => string
}

/** Lying bars with their values at the end; several series stand side by side and are named above. */
export function lyingBars(palette: Palette, { names, series, format }: Bars): EChartsOption {
  const room = Math.min(MOST_LABEL_WIDTH, Math.max(...names.map(widthOf)))
  return {
    grid: { left: room + LABEL_GAP, right: 64, top: series.length > 1 ? 36 : 8, bottom: 4, outerBoundsMode: 'none' },
    tooltip: { trigger: 'axis', axisPointer: { type: 'none' }, valueFormatter: (value) => told(value, format), ...surface(palette) },
    legend: series.length > 1 ? { top: 0, left: 0, itemWidth: 12, itemHeight: 12, itemGap: 24, textStyle: { color: palette.ink } } : undefined,
    xAxis: { ...valueAxis(palette, format), splitLine: { show: false }, axisLabel: { show: false } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...names],
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: palette.ink, width: room, overflow: 'truncate' },
    },
    series: series.map(({ name, values, quantity }) => ({
      name,
      type: 'bar' as const,
      data: [...values],
      barMaxWidth: 18,
      itemStyle: { color: colourOf(palette, quantity), borderRadius: [0, 3, 3, 0] },
      label: { show: true, position: 'right' as const, color: palette.ink, formatter: ({ value }: { value?: unknown }) => told(value, format) },
    })),
  }
}

/** About as wide as the chart's type draws it. */
function widthOf(name: string): number {
  return [...name].reduce((sum, letter) => sum + (letter > '\u2e80' ? EM : EM * 0.6), 4)
}

function told(value: unknown, format: (value: number) => string): string {
  return value === null || value === undefined || value === '-' ? '–' : format(Number(value))
}

function nameAxis(palette: Palette, names: readonly string[]) {
  return {
    type: 'category' as const,
    data: [...names],
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    axisLabel: { color: palette.hint, hideOverlap: true },
  }
}

function valueAxis(palette: Palette, format: (value: number) => string) {
  return {
    type: 'value' as const,
    splitNumber: 4,
    // Counts have no halves; money is in fen.
    minInterval: 1,
    axisLabel: { color: palette.hint, formatter: (value: number) => format(value) },
    splitLine: { lineStyle: { color: palette.line } },
  }
}

function surface(palette: Palette) {
  return { backgroundColor: palette.surface, borderColor: palette.line, textStyle: { color: palette.ink }, confine: true }
}

/** Room for so many lying bars. */
export function heightFor(rows: number, perRow = 36): number {
  return Math.max(120, rows * perRow + 40)
}
