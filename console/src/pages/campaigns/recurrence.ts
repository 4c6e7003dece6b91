/** A recurrence in words, and the days on which it runs. */
import { addDays, formatWeekday, weekdayOf } from '@/format/time'
import { language, t } from '@/words'
import type { Recurrence } from './model'

/** A Monday. */
const MONDAY = '2024-01-01'

export function recurrenceWords(recurrence: Recurrence): string {
  const join = (items: string[]) => new Intl.ListFormat(language.value, { type: 'conjunction' }).format(items)
  const time = recurrence.at
  if (recurrence.every === 'day') return t('campaigns.recurrenceDay', { time })
  if (recurrence.every === 'week') {
    const names = [...(recurrence.weekdays ?? [])].sort((a, b) => a - b).map((day) => formatWeekday(addDays(MONDAY, day - 1)))
    return t('campaigns.recurrenceWeek', { days: join(names), time })
  }
  const days = [...(recurrence.days ?? [])].sort((a, b) => a - b).map(String)
  return t('campaigns.recurrenceMonth', { days: join(days), time })
}

/** Whether it runs on a day. A month without a day that is asked for uses its last. */
export function runsOn(recurrence: Recurrence, day: string): boolean {
  if (recurrence.until && day > recurrence.until) return false
  if (recurrence.every === 'day') return true
  if (recurrence.every === 'week') return (recurrence.weekdays ?? []).includes(weekdayOf(day))
  const number = Number(day.slice(8))
  const isLast = addDays(day, 1).slice(8) === '01'
  return (recurrence.days ?? []).some((wanted) => wanted === number || (isLast && wanted > number))
}
