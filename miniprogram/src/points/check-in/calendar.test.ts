import { describe, expect, it } from 'vitest'
import { cells, isAlive, isBefore, rowOf, shifted } from './calendar'

describe('the check-in calendar', () => {
  it('shows whole weeks from Monday', () => {
    const november = cells({ year: 2026, month: 11 })
    expect(november).toHaveLength(42)
    expect(november.indexOf('2026-11-01')).toBe(6) // a Sunday
    expect(november.filter((day) => day !== undefined)).toHaveLength(30)
    expect(cells({ year: 2028, month: 2 }).filter((day) => day !== undefined).at(-1)).toBe('2028-02-29')
    expect(cells({ year: 2027, month: 2 })).toHaveLength(28) // begins on a Monday, ends on a Sunday
  })

  it('turns over years', () => {
    expect(shifted({ year: 2026, month: 12 }, 1)).toEqual({ year: 2027, month: 1 })
    expect(shifted({ year: 2026, month: 1 }, -1)).toEqual({ year: 2025, month: 12 })
    expect(isBefore({ year: 2026, month: 12 }, { year: 2027, month: 1 })).toBe(true)
    expect(isBefore({ year: 2026, month: 12 }, { year: 2026, month: 12 })).toBe(false)
  })

  it('knows the days of a row, also across months', () => expect(rowOf({ day: '2026-12-01', streak: 3, points: 1 })).toEqual(['2026-12-01', '2026-11-30', '2026-11-29']))

  it('lets a row live until the end of the next day', () => {
    const last = { day: '2026-11-26', streak: 4, points: 1 }
    expect(isAlive(last, '2026-11-27')).toBe(true)
    expect(isAlive(last, '2026-11-28')).toBe(false)
    expect(isAlive(null, '2026-11-27')).toBe(false)
  })
})
