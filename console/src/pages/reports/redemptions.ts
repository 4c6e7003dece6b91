/** The redemptions of a day: which hours are shown, and the stores by hours. */
import type { components } from '@/api/schema'
import { clockOf } from '@/format/time'
import type { ChartTable } from '@/parts/chart'
import { t } from '@/words'

export type RedemptionDay = components['schemas']['RedemptionDayView']
export type StoreLine = components['schemas']['StoreRedemptionsView']

/** At least so many hours stand beside each other. */
const LEAST_HOURS = 8

const happened = ({ redemptions, reversed }: { redemptions: number; reversed: number }) => redemptions + reversed > 0

/** The places of the hours from the first to the last in which something happened, and of as many around them as a chart needs. */
export function shownHours({ hours }: Pick<RedemptionDay, 'hours'>): number[] {
  const busy = hours.flatMap((hour, place) => (happened(hour) ? [place] : []))
  const first = Math.min(busy[0] ?? LEAST_HOURS, hours.length - LEAST_HOURS)
  const end = Math.max((busy.at(-1) ?? 0) + 1, first + LEAST_HOURS)
  return Array.from({ length: end - first }, (_, at) => first + at)
}

export function busyStores({ stores }: Pick<RedemptionDay, 'stores'>): StoreLine[] {
  return stores.filter(happened)
}

export function redeemedIn(line: StoreLine, hour: number): number {
  return line.hours.find((one) => one.hour === hour)?.redemptions ?? 0
}

/** Every store that redeemed, by every hour of the day. */
export function storeTable(report: RedemptionDay): ChartTable {
  const sums = [t('reports.redemptions'), t('reports.reversed'), t('reports.discount'), t('reports.couponSales')]
  return {
    head: [t('reports.store'), ...sums, ...report.hours.map(({ from }) => clockOf(from))],
    rows: busyStores(report).map((line) => [
      line.name,
      line.redemptions,
      line.reversed,
      line.discount_fen / 100,
      line.sales_fen / 100,
      ...report.hours.map((_, hour) => redeemedIn(line, hour)),
    ]),
  }
}
