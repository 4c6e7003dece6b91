import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { activityOf, ageWords, type MemberReport } from '@/pages/reports/members'
import { busyStores, redeemedIn, shownHours, storeTable, type RedemptionDay } from '@/pages/reports/redemptions'
import { daysBetween, isPeriod, LONGEST_DAYS } from '@/pages/reports/period'
import { averageOrderFen, changeOf, shareOf } from '@/pages/reports/trade'
import { placeOf, wordsOf, type Need } from '@/pages/today/needs'
import { addDays } from '@/format/time'
import { places } from '@/routes'

const report = { members: 100, active_30: 25, active_90: 45, active_365: 60, never_bought: 10 } as MemberReport

describe('reports', () => {
  it('cuts the members into bands that do not overlap and leave nobody out', () => {
    const bands = activityOf(report).map(({ members }) => members)
    expect(bands).toEqual([25, 20, 15, 30, 10])
    expect(bands.reduce((sum, members) => sum + members, 0)).toBe(report.members)
  })

  it('compares with nothing by saying nothing', () => {
    expect(changeOf(5, 0)).toBeNull()
    expect(changeOf(110, 100)).toBeCloseTo(0.1)
    expect(shareOf(1, 0)).toBeNull()
    expect(averageOrderFen({ sales_fen: 1000, orders: 3 } as Parameters<typeof averageOrderFen>[0])).toBe(333)
    expect(averageOrderFen({ sales_fen: 0, orders: 0 } as Parameters<typeof averageOrderFen>[0])).toBeNull()
  })

  it('counts both ends of a period, and takes as many days as the API does', () => {
    expect(daysBetween('2026-11-01', '2026-11-01')).toBe(1)
    expect(daysBetween('2026-02-27', '2026-03-01')).toBe(3)
    expect(isPeriod('2026-11-02', '2026-11-01')).toBe(false)
    expect(isPeriod('2026-11-01', addDays('2026-11-01', LONGEST_DAYS - 1))).toBe(true)
    expect(isPeriod('2026-11-01', addDays('2026-11-01', LONGEST_DAYS))).toBe(false)
    const source = readFileSync('../service/src/report/period.rs', 'utf8')
    expect(source).toContain(`LONGEST_DAYS: i64 = ${LONGEST_DAYS}`)
  })

  it('names ages with an open end, and those not known', () => {
    expect(ageWords({ from: 18, to: 24, members: 1 })).toBe('18–24 岁')
    expect(ageWords({ from: 60, to: null, members: 1 })).toBe('60 岁及以上')
    expect(ageWords({ from: null, to: null, members: 1 })).toBe('未填生日')
  })
})

describe('redemptions of a day', () => {
  const NONE = { redemptions: 0, discount_fen: 0, sales_fen: 0, reversed: 0 }
  const dayWith = (busy: number[], count = 24) =>
    ({
      hours: Array.from({ length: count }, (_, at) => ({
        ...NONE,
        from: new Date(Date.parse('2026-05-10T00:00:00Z') + at * 3_600_000).toISOString(),
        redemptions: busy.includes(at) ? 1 : 0,
      })),
      stores: [
        { ...NONE, name: '南山店', redemptions: 2, discount_fen: 600, sales_fen: 4000, hours: [{ ...NONE, hour: 9, redemptions: 2 }] },
        { ...NONE, name: '福田店', hours: [] },
      ],
    }) as unknown as RedemptionDay

  it('shows the hours in which something happened, and never fewer than a chart needs', () => {
    expect(shownHours(dayWith([9, 20]))).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
    expect(shownHours(dayWith([10]))).toEqual([10, 11, 12, 13, 14, 15, 16, 17])
    expect(shownHours(dayWith([23]))).toEqual([16, 17, 18, 19, 20, 21, 22, 23])
    expect(shownHours(dayWith([22], 23)).at(-1)).toBe(22)
  })

  it('puts the stores that redeemed by the hours of the day', () => {
    const day = dayWith([9])
    expect(busyStores(day).map(({ name }) => name)).toEqual(['南山店'])
    expect(redeemedIn(day.stores[0]!, 9)).toBe(2)
    const { head, rows } = storeTable(day)
    expect(head.slice(5, 7)).toEqual(['00:00', '01:00'])
    expect(rows).toHaveLength(1)
    expect(rows[0]?.slice(0, 5)).toEqual(['南山店', 2, 0, 6, 40])
    expect(rows[0]?.[5 + 9]).toBe(2)
  })
})

describe('today', () => {
  const kinds = [...readFileSync('../docs/openapi.json', 'utf8').matchAll(/"NeedKindView": \{[^}]*?"enum": \[([^\]]*)\]/g)]
    .flatMap((match) => match[1]?.split(',') ?? [])
    .map((kind) => kind.replaceAll(/[\s"]/g, '') as Need['kind'])

  it('has words and a page for everything that may need a person', () => {
    expect(kinds.length).toBeGreaterThan(5)
    const names = places.map(({ name }) => name)
    for (const kind of kinds) {
      const need: Need = { kind, count: 2, id: '1', name: '周六会员日' }
      expect(wordsOf(need), kind).toMatch(/[\u4e00-\u9fff]/)
      expect(names, kind).toContain((placeOf(need) as { name: string }).name)
    }
  })
})
