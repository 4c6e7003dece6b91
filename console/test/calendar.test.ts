import { beforeEach, describe, expect, it } from 'vitest'
import { itemsOf, monthDays, placed, shiftMonth, weekDays, type CalendarItem } from '@/pages/campaigns/calendar/items'
import { isQuiet, quietSpans, quietUntil } from '@/pages/campaigns/quiet'
import { recurrenceWords, runsOn } from '@/pages/campaigns/recurrence'
import type { Campaign } from '@/pages/campaigns/model'
import { shopZone } from '@/session/shop'

const now = new Date('2026-11-27T06:00:00Z')

function campaign(more: Partial<Campaign>): Campaign {
  return { id: 'c', name: '会员日', state: 'scheduled', recurrence: null, ...more } as Campaign
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

  it('puts a campaign on its day by the shop’s clock', () => {
    const items = itemsOf([campaign({ scheduled_at: '2026-11-27T18:00:00Z' })], monthDays('2026-11-15'), now)
    expect(items.map((item) => [item.day, item.time, item.canMove])).toEqual([['2026-11-28', '02:00', true]])
  })

  it('lets nothing be moved that has started or is over', () => {
    const started = campaign({ state: 'sending', started_at: '2026-11-27T02:00:00Z' })
    expect(itemsOf([started], monthDays('2026-11-15'), now)[0]?.canMove).toBe(false)
  })

  it('shows the runs to come of a recurring campaign', () => {
    const weekly = campaign({ state: 'recurring', recurrence: { every: 'week', at: '10:00', weekdays: [6] } })
    const items = itemsOf([weekly], monthDays('2026-11-15'), now)
    expect(items.map((item) => item.day)).toEqual(['2026-11-28', '2026-12-05'])
  })

  it('stands items side by side that would cover each other', () => {
    const item = (time: string) => ({ key: time, day: '2026-11-28', time }) as CalendarItem
    expect(placed([item('10:00'), item('10:15'), item('10:50'), item('15:00')]).map((one) => [one.column, one.columns])).toEqual([
      [0, 2],
      [1, 2],
      [0, 2],
      [0, 1],
    ])
  })
})

describe('recurrence', () => {
  it('uses the last day of a month that lacks the one asked for', () => {
    const monthly = { every: 'month' as const, at: '10:00', days: [31] }
    expect(runsOn(monthly, '2026-11-30')).toBe(true)
    expect(runsOn(monthly, '2026-11-29')).toBe(false)
    expect(runsOn({ ...monthly, until: '2026-11-29' }, '2026-11-30')).toBe(false)
  })

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
