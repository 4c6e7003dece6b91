import { describe, expect, it } from 'vitest'
import { entryName, lotLine, oneLot, type Entry } from './statement'

const lot = { lot_id: 'l', kind: 'purchase' as const, points: 80, expires_at: '2027-12-31T16:00:00Z' }
const entry = (more: Partial<Entry>): Entry => ({ id: 'e', kind: 'purchase', points: 80, pending: 0, balance_after: 80, at: '2026-11-27T04:00:00Z', lots: [lot], ...more })

describe('a line of the statement', () => {
  it('is named by what it came from, an adjustment by why staff made it', () => {
    expect(entryName(entry({}))).toBe('消费')
    expect(entryName(entry({ kind: 'adjustment', reason: '补记漏扫的一单' }))).toBe('补记漏扫的一单')
  })

  it('tells the last day of its lot: an end at midnight is the day before', () => expect(oneLot(entry({}))).toBe('2027 年 12 月 31 日前有效'))

  it('tells no lot where there are several, where points went, or where they are still on their way', () => {
    expect(oneLot(entry({ lots: [lot, lot] }))).toBeUndefined()
    expect(oneLot(entry({ points: -80 }))).toBeUndefined()
    expect(oneLot(entry({ points: 0, pending: 40 }))).toBeUndefined()
  })

  it('names the lot that was taken from', () => {
    expect(lotLine(lot, true)).toBe('来自消费 · 2027 年 12 月 31 日到期的一批')
    expect(lotLine({ ...lot, expires_at: null }, false)).toBe('来自消费 · 长期有效')
  })
})
