import { beforeEach, describe, expect, it } from 'vitest'
import { decimalIn, decimalText, formatCount, formatDecimal, formatMoney, formatPoints, formatShare, formatShort, parseDecimal, parseYuan, yuanText } from '@/format/number'
import { addDays, clockOf, dayOf, formatAgo, formatSpan, instantOf, weekdayOf } from '@/format/time'
import { shopZone } from '@/session/shop'

beforeEach(() => (shopZone.value = 'Asia/Shanghai'))

describe('money and numbers', () => {
  it('shows fen as yuan, whole ones without fen', () => {
    expect(formatMoney(123450)).toBe('¥1,234.50')
    expect(formatMoney(2000)).toBe('¥20')
    expect(formatMoney(-5)).toBe('-¥0.05')
  })

  it('reads decimals with a sign and four places as typed', () => {
    expect(decimalIn('-12.34567')).toBe('-12.3456')
    expect(decimalIn('−3。5')).toBe('-3.5')
    expect(decimalIn('1,000')).toBe('1000')
    expect(decimalIn('a-b')).toBe('-')
    expect(['', '-', '.', '-.'].map(parseDecimal)).toEqual([null, null, null, null])
    expect(['-0.5', '12.', '.25'].map(parseDecimal)).toEqual([-0.5, 12, 0.25])
    expect(decimalText(0.0001)).toBe('0.0001')
    expect(formatDecimal(1234.5678)).toBe('1,234.5678')
  })

  it('reads yuan as typed, to the fen', () => {
    expect(parseYuan('19.9')).toBe(1990)
    expect(parseYuan('1,000')).toBe(100_000)
    expect(parseYuan('0.29')).toBe(29)
    expect(parseYuan('1.234')).toBeNull()
    expect(parseYuan('-3')).toBeNull()
    expect(parseYuan('')).toBeNull()
  })

  it('gives an input back what it typed', () => {
    expect(yuanText(1990)).toBe('19.90')
    expect(yuanText(2000)).toBe('20')
    expect(yuanText(null)).toBe('')
  })

  it('separates thousands, shortens, and tells shares and points', () => {
    expect(formatCount(100_000)).toBe('100,000')
    expect(formatShort(123_456)).toBe('12.3万')
    expect(formatShare(0.1234)).toBe('12.3%')
    expect(formatPoints(0.021)).toBe('+2.1 pp')
  })
})

describe('times in the shop’s zone', () => {
  it('shows the shop’s clock, wherever the browser is', () => {
    expect(dayOf('2026-11-27T18:30:00Z')).toBe('2026-11-28')
    expect(clockOf('2026-11-27T18:30:00Z')).toBe('02:30')
  })

  it('finds the instant of the shop’s clock', () => {
    expect(instantOf('2026-11-28', '10:00').toISOString()).toBe('2026-11-28T02:00:00.000Z')
    shopZone.value = 'America/New_York'
    expect(instantOf('2026-03-08', '12:00').toISOString()).toBe('2026-03-08T16:00:00.000Z')
    expect(instantOf('2026-11-01', '00:30').toISOString()).toBe('2026-11-01T04:30:00.000Z')
  })

  it('counts days without a zone', () => {
    expect(addDays('2026-02-28', 1)).toBe('2026-03-01')
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
    expect(weekdayOf('2026-11-29')).toBe(7)
    expect(weekdayOf('2026-11-30')).toBe(1)
  })

  it('tells how long ago, and spans in two units', () => {
    const now = Date.parse('2026-11-27T12:00:00Z')
    expect(formatAgo('2026-11-27T11:57:00Z', now)).toBe('3分钟前')
    expect(formatSpan(3_725)).toBe('1小时 2分钟')
    expect(formatSpan(0)).toBe('0秒')
  })
})
