/** A month as weeks that begin on Monday, and the days of it that were checked in. Days are `2026-11-27`, in the shop's zone. */
import type { components } from '@/api/schema'

export type CheckIn = components['schemas']['CheckInView']

export interface Month {
  year: number
  /** 1 to 12. */
  month: number
}

const DAY_MS = 86_400_000
const utc = (day: string): number => Date.parse(`${day}T00:00:00Z`)
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export const monthOfDay = (day: string): Month => ({ year: Number(day.slice(0, 4)), month: Number(day.slice(5, 7)) })

export function shifted({ year, month }: Month, by: number): Month {
  const months = year * 12 + (month - 1) + by
  return { year: Math.floor(months / 12), month: (months % 12) + 1 }
}

export const isBefore = (one: Month, other: Month): boolean => one.year * 12 + one.month < other.year * 12 + other.month

/** The days of the month in cells of whole weeks; undefined where the week belongs to the next month. */
export function cells({ year, month }: Month): Array<string | undefined> {
  const first = Date.UTC(year, month - 1, 1)
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const before = (new Date(first).getUTCDay() + 6) % 7
  const days = Array.from({ length }, (_, index) => iso(first + index * DAY_MS))
  const after = (7 - ((before + length) % 7)) % 7
  return [...Array<undefined>(before).fill(undefined), ...days, ...Array<undefined>(after).fill(undefined)]
}

/** The days of the row that ends with this check-in. */
export function rowOf(last: CheckIn | null | undefined): string[] {
  if (!last) return []
  return Array.from({ length: last.streak }, (_, index) => iso(utc(last.day) - index * DAY_MS))
}

/** The row lives until the end of the day after its last check-in. */
export const isAlive = (last: CheckIn | null | undefined, today: string): boolean => last !== null && last !== undefined && utc(today) - utc(last.day) <= DAY_MS
