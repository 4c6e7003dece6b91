import { describe, expect, it } from 'vitest'
import { changedFields } from '@/pages/campaigns/versions'
import { spanOf } from '@/pages/campaigns/running/runs'
import type { Campaign } from '@/pages/campaigns/model'
import { countsOf, shareDone, type Progress } from '@/pages/campaigns/running/progress'
import { isClear, rowsOf, scaleOf, stagesOf, type Results } from '@/pages/campaigns/results/results'
import { waterfall } from '@/pages/campaigns/forecast/waterfall'
import type { components } from '@/api/schema'

const line = (code: string, members: number, deferred_until: string | null = null) => ({
  reason: { code, chinese: code, english: code },
  members,
  deferred_until,
  releases: [],
})

describe('forecast', () => {
  it('takes each reason off what is left, the largest first and the late ones last', () => {
    const forecast = {
      audience: 100,
      will_send: 40,
      others: [line('quiet_hours', 30, '2026-11-28T00:30:00Z'), line('holdout', 10), line('no_consent', 20)],
    } as unknown as components['schemas']['ForecastView']
    expect(waterfall(forecast).map((fall) => [fall.line.reason.code, fall.left])).toEqual([
      ['no_consent', 80],
      ['holdout', 70],
      ['quiet_hours', 40],
    ])
    expect(waterfall(undefined)).toEqual([])
  })
})

describe('progress', () => {
  const progress = {
    lines: [
      { state: 'sent', deliveries: 3 },
      { state: 'delivered', deliveries: 5 },
      { state: 'queued', deliveries: 1 },
      { state: 'deferred', deliveries: 1 },
      { state: 'suppressed', reason: 'holdout', deliveries: 10 },
    ],
  } as Progress

  it('gathers states into what people ask', () => {
    expect(countsOf(progress)).toEqual({ sent: 8, waiting: 1, deferred: 1, held: 10, failed: 0, unknown: 0 })
    expect(shareDone(progress)).toBeCloseTo(0.9)
    expect(shareDone({ lines: [] } as unknown as Progress)).toBe(0)
  })
})

describe('results', () => {
  const funnel = { members: 100, sent: 90, delivered: 80, opened: 10, claimed: null, redeemed: null, purchased: 5, sales_fen: 1 }
  const group = (variant: string | null) => ({ variant, funnel, sending_cost_fen: 0, coupon_cost_fen: 0 })
  const results = (more: Partial<Results>) => ({ groups: [group(null)], total: group(null), ...more }) as Results

  it('leaves out the stages of a coupon where there is none', () => {
    expect(stagesOf(results({}))).toEqual(['members', 'sent', 'delivered', 'opened', 'purchased'])
  })

  it('has a row per variant, one for all, and one for a hold-out that has members', () => {
    const both = results({ groups: [group('A'), group('B')], holdout: { ...funnel, members: 10 } })
    expect(rowsOf(both).map((row) => [row.variant, row.isHoldout])).toEqual([
      ['A', false],
      ['B', false],
      [null, false],
      [null, true],
    ])
    expect(rowsOf(results({ holdout: { ...funnel, members: 0 } }))).toHaveLength(1)
  })

  it('is clear only when the interval leaves zero out', () => {
    expect(isClear({ value: 1, low: 0.1, high: 2 })).toBe(true)
    expect(isClear({ value: 1, low: -0.1, high: 2 })).toBe(false)
    const scale = scaleOf([{ value: 1, low: 0.5, high: 2 }])
    expect(scale.low).toBeLessThan(0)
    expect(scale.high).toBeGreaterThan(2)
  })
})

describe('versions', () => {
  it('names the fields that differ', () => {
    expect(changedFields({ name: 'a', message: { b: 1 } }, { name: 'a', message: { b: 2 }, topic: 'x' })).toEqual([
      'message',
      'topic',
    ])
  })
})

describe('runs of a recurring campaign', () => {
  const run = (occurrence: string | null) => ({ occurrence }) as Campaign

  it('asks for the results from the first day to the last, and no longer than the report reaches', () => {
    expect(spanOf([run('2026-11-27'), run('2026-11-20'), run(null)])).toEqual({ from: '2026-11-20', to: '2026-11-27' })
    expect(spanOf([run('2024-01-01'), run('2026-11-27')])).toEqual({ from: '2025-10-24', to: '2026-11-27' })
  })

  it('asks for nothing where nothing ran', () => {
    expect(spanOf([])).toBeNull()
  })
})
