/**
 * Times as people read them, always in the shop's zone: a campaign at 10:00 is 10:00 at the shop, wherever the marketer sits. Pages
 * that show times say which zone with `<ZoneNote />`.
 */
import { language } from '@/words'
import { shopZone } from '@/session/shop'

export type Instant = string | number | Date

interface Wall {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(options: Intl.DateTimeFormatOptions, zone = shopZone.value): Intl.DateTimeFormat {
  const key = `${language.value}|${zone}|${JSON.stringify(options)}`
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(language.value, { timeZone: zone, hourCycle: 'h23', ...options })
    formats.set(key, found)
  }
  return found
}

/** What a clock in the zone shows at an instant. */
export function wallOf(at: Instant, zone = shopZone.value): Wall {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(at))
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}

/** The instant at which a clock in the zone shows a day and a time. In an hour that a clock change leaves out: the one before. */
export function instantOf(day: string, time: string, zone = shopZone.value): Date {
  const wanted = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}Z`)
  const shift = (guess: number) => {
    const wall = wallOf(guess, zone)
    return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) - guess
  }
  // Twice, because the offset at the first guess may be that of the other side of a clock change.
  const first = wanted - shift(wanted)
  return new Date(wanted - shift(first))
}

const two = (number: number) => String(number).padStart(2, '0')

/** `2026-11-27` in the shop's zone. */
export function dayOf(at: Instant, zone = shopZone.value): string {
  const wall = wallOf(at, zone)
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}`
}

/** The last day on which what ends at an instant is still good: one that ends at midnight is good until the day before. */
export function lastDayBefore(at: Instant): string {
  return dayOf(new Date(at).getTime() - 1)
}

/** `14:05` in the shop's zone. */
export function clockOf(at: Instant, zone = shopZone.value): string {
  const wall = wallOf(at, zone)
  return `${two(wall.hour)}:${two(wall.minute)}`
}

/** A day `count` days later. Days have no zone. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10)
}

/** 1 (Monday) to 7. */
export function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7
}

/** With the year only where it is another one. */
export function formatDay(day: string): string {
  const sameYear = day.slice(0, 4) === dayOf(Date.now()).slice(0, 4)
  const options: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' }
  if (!sameYear) options.year = 'numeric'
  return format(options, 'UTC').format(new Date(`${day}T00:00:00Z`))
}

export function formatWeekday(day: string, width: 'short' | 'long' = 'short'): string {
  return format({ weekday: width }, 'UTC').format(new Date(`${day}T00:00:00Z`))
}

export function formatMonth(day: string): string {
  return format({ year: 'numeric', month: 'long' }, 'UTC').format(new Date(`${day}T00:00:00Z`))
}

/** Day and minute, e.g. `11月27日 14:05`. */
export function formatTime(at: Instant): string {
  return `${formatDay(dayOf(at))} ${clockOf(at)}`
}

/** To the second, for logs. */
export function formatExactTime(at: Instant): string {
  const wall = wallOf(at)
  return `${dayOf(at)} ${two(wall.hour)}:${two(wall.minute)}:${two(wall.second)}`
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

/** `3 分钟前`, `in 2 days`. */
export function formatAgo(at: Instant, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1000
  const relative = new Intl.RelativeTimeFormat(language.value, { numeric: 'auto' })
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1]
  return relative.format(Math.round(seconds / size), unit)
}

/** A span in its two largest units, e.g. `2 小时 5 分`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(language.value, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'day'],
    [Math.floor(whole / 3_600) % 24, 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  if (first < 0) return unit(0, 'second')
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, name]) => unit(value, name))
    .join(' ')
}
