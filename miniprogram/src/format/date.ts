/**
 * Times in plain words. Days are the shop's: all its stores keep Beijing time, so a member abroad reads the same day as the
 * staff who look at the coupon.
 */
import { serverNow } from '@/clock'
import { say } from '@/words'

const SHOP_OFFSET_MS = 8 * 3_600_000
const DAY_MS = 86_400_000
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const two = (n: number): string => String(n).padStart(2, '0')

const dayNumber = (ms: number): number => Math.floor((ms + SHOP_OFFSET_MS) / DAY_MS)
const inShop = (ms: number): Date => new Date(ms + SHOP_OFFSET_MS)

/** The day as `2026-12-31`, in the shop's zone. */
export function isoDay(ms: number): string {
  return inShop(ms).toISOString().slice(0, 10)
}

/** Days from today to the day of `iso`: 0 today, 1 tomorrow, -1 yesterday. */
export function daysUntil(iso: string, nowMs: number = serverNow()): number {
  return dayNumber(Date.parse(iso)) - dayNumber(nowMs)
}

function calendarDay(ms: number, nowMs: number): string {
  const date = inShop(ms)
  const values = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), monthName: MONTHS[date.getUTCMonth()] ?? '' }
  return say(values.year === inShop(nowMs).getUTCFullYear() ? 'date.monthDay' : 'date.yearMonthDay', values)
}

/** `今天`, `明天`, `12 月 31 日`, `2027 年 1 月 5 日`. */
export function day(iso: string, nowMs: number = serverNow()): string {
  const away = daysUntil(iso, nowMs)
  if (away === 0) return say('date.today')
  if (away === 1) return say('date.tomorrow')
  if (away === -1) return say('date.yesterday')
  return calendarDay(Date.parse(iso), nowMs)
}

/** The day without `今天` and the like, for tables and sentences that name a date. */
export const date = (iso: string, nowMs: number = serverNow()): string => calendarDay(Date.parse(iso), nowMs)

/** The last day on which something is there that ends at `iso`: an end at midnight is the end of the day before. */
export const lastDay = (iso: string, nowMs: number = serverNow()): string => calendarDay(Date.parse(iso) - 1000, nowMs)

/** `2026 年 11 月`. */
export const monthOf = (year: number, month: number): string => say('date.yearMonth', { year, month, monthName: MONTHS[month - 1] ?? '' })

/** `14:02`. */
export function clock(iso: string): string {
  const moment = inShop(Date.parse(iso))
  return `${two(moment.getUTCHours())}:${two(moment.getUTCMinutes())}`
}

/** `今天 14:02`. */
export const moment = (iso: string, nowMs: number = serverNow()): string => `${day(iso, nowMs)} ${clock(iso)}`

/** `至 12 月 31 日`; with the time where it doesn't end with its day. */
export function until(iso: string, nowMs: number = serverNow()): string {
  const endsWithDay = clock(iso) === '23:59' || clock(iso) === '00:00'
  // Midnight is the end of the day before it.
  const shown = clock(iso) === '00:00' ? new Date(Date.parse(iso) - 1000).toISOString() : iso
  return say('date.untilDay', { day: endsWithDay ? day(shown, nowMs) : moment(iso, nowMs) })
}

/** `还有 3 天`, for what ends within `within` days; undefined for what is further off. */
export function remaining(iso: string, within = 7, nowMs: number = serverNow()): string | undefined {
  const away = daysUntil(iso, nowMs)
  if (Date.parse(iso) < nowMs || away > within) return undefined
  return away === 0 ? say('date.lastDay') : say('date.inDays', { n: away })
}
