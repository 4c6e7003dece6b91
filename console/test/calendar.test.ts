import { beforeEach, describe, expect, it } from 'vitest'
import {
  itemsOf,
  monthDays,
  placed,
  shiftMonth,
  weekDays,
  type CalendarItem,
  type CalendarView,
} from '@/pages/campaigns/calendar/items'
import { isQuiet, quietSpans, quietUntil } from '@/pages/campaigns/quiet'
import { recurrenceWords } from '@/pages/campaigns/recurrence'
import { shopZone } from '@/session/shop'

const now = new Date('2026-11-27T06:00:00Z')

function item(more: Partial<CalendarView['items'][number]>): CalendarView['items'][number] {
  return {
    campaign_id: 'c',
    name: '会员日',
    state: 'scheduled',
    channel: 'sms',
    class: 'marketing',
    at: '2026-11-27T18:00:00Z',
    day: '2026-11-28',
    is_planned_occurrence: false,
    members: 1,
    ...more,
  }
}

beforeEach(() => (shopZone.value = 'Asia/Shanghai'))

describe('calendar', () => {
  it('shows a month in whole weeks from Monday', () => {
    const days = monthDays('2026-11-15')
    expect(days.length % 7).toBe(0)
    expect([days[0], days.at(-1)]).toEqual(['2026-10-26', '2026-12-06'])
    expect(monthDays('2027-02-10')).toHaveLength(28)
    expect(weekDays('2026-11-29')[0]).toBe('2026-11-23')
    expect(shiftMonth('2026-12-31', 1)).toBe('2027-01-01')
  })

  it('puts a campaign at the time of the shop’s clock', () => {
    const items = itemsOf([item({})], now)
    expect(items.map((one) => [one.day, one.time, one.canMove])).toEqual([['2026-11-28', '02:00', true]])
  })

  it('lets nothing be moved that has started, is over, or is a run of a recurring one', () => {
    const moved = [item({ state: 'sending' }), item({ at: '2026-11-27T02:00:00Z' }), item({ is_planned_occurrence: true })]
    expect(itemsOf(moved, now).some((one) => one.canMove)).toBe(false)
  })

  it('stands items side by side that would cover each other', () => {
    const at = (time: string) => ({ key: time, day: '2026-11-28', time }) as CalendarItem
    expect(placed([at('10:00'), at('10:15'), at('10:50'), at('15:00')]).map((one) => [one.column, one.columns])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [0, 1],
    ])
  })
})

describe('recurrence', () => {
  it('is told in words', () => {
    expect(recurrenceWords({ every: 'week', at: '10:00', weekdays: [6, 1] })).toBe('每周周一和周六 10:00')
    expect(recurrenceWords({ every: 'day', at: '09:30' })).toBe('每天 09:30')
    expect(recurrenceWords({ every: 'month', at: '10:00', days: [8, 18] })).toBe('每月 8和18 日 10:00')
  })
})

describe('quiet hours', () => {
  it('may cross midnight', () => {
    expect(isQuiet('22:00', '21:30', '08:30')).toBe(true)
    expect(isQuiet('08:30', '21:30', '08:30')).toBe(false)
    expect(isQuiet('12:30', '12:00', '13:00')).toBe(true)
    expect(isQuiet('12:30', '00:00', '00:00')).toBe(false)
    expect(quietUntil('23:00', '21:30', '08:30')).toBe('08:30')
    expect(quietSpans('21:30', '08:30')).toEqual([
      [0, 510],
      [1290, 1440],
    ])
  })
})
