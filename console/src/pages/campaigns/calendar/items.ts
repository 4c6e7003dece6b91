/** What stands on which day of the calendar, in the shop's zone. */
import type { components } from '@/api/schema'
import { addDays, clockOf, weekdayOf } from '@/format/time'
import type { CampaignState } from '../model'

export type CalendarView = components['schemas']['CalendarView']

export interface CalendarItem {
  key: string
  /** Of a run to come: the recurring campaign. */
  id: string
  name: string
  state: CampaignState
  day: string
  /** `HH:MM`. */
  time: string
  /** A run that a recurring campaign will make. */
  isPlanned: boolean
  canMove: boolean
}

/** The Monday of a day's week. */
export const weekStart = (day: string) => addDays(day, 1 - weekdayOf(day))

/** Whole weeks, from Monday on, that show a day's month. */
export function monthDays(day: string): string[] {
  const first = `${day.slice(0, 8)}01`
  const start = weekStart(first)
  const next = `${addDays(first, 31).slice(0, 8)}01`
  const days: string[] = []
  for (let at = start; at < next || weekdayOf(at) !== 1; at = addDays(at, 1)) days.push(at)
  return days
}

export const weekDays = (day: string) => Array.from({ length: 7 }, (_, index) => addDays(weekStart(day), index))

export function shiftMonth(day: string, by: number): string {
  const [year, month] = [Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + by]
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10)
}

export function itemsOf(items: readonly CalendarView['items'][number][], now: Date): CalendarItem[] {
  return items.map((item) => ({
    key: `${item.campaign_id} ${item.day}`,
    id: item.campaign_id,
    name: item.name,
    state: item.state,
    day: item.day,
    time: clockOf(item.at),
    isPlanned: item.is_planned_occurrence,
    canMove: item.state === 'scheduled' && !item.is_planned_occurrence && new Date(item.at) > now,
  }))
}

export interface Placed {
  item: CalendarItem
  /** Minutes from midnight. */
  minute: number
  column: number
  columns: number
}

/** How long an item is shown on the time axis, in minutes: what its words need. */
export const SHOWN_MINUTES = 60

/** Side by side where they would cover each other. */
export function placed(items: readonly CalendarItem[]): Placed[] {
  const result: Placed[] = []
  let cluster: Placed[] = []
  let end = -1
  const close = () => {
    const columns = Math.max(0, ...cluster.map((one) => one.column + 1))
    for (const one of cluster) one.columns = columns
    result.push(...cluster)
    cluster = []
  }
  for (const item of items) {
    const minute = Number(item.time.slice(0, 2)) * 60 + Number(item.time.slice(3))
    if (minute >= end) close()
    const taken = new Set(cluster.filter((one) => one.minute + SHOWN_MINUTES > minute).map((one) => one.column))
    let column = 0
    while (taken.has(column)) column += 1
    cluster.push({ item, minute, column, columns: 1 })
    end = Math.max(end, minute + SHOWN_MINUTES)
  }
  close()
  return result
}
