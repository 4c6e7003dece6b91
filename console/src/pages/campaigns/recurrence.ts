/** A recurrence in words. */
import { addDays, formatWeekday } from '@/format/time'
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
