import { describe, expect, it } from 'vitest'
import { rise, stay, type Missing, type Tier, type TierProgress } from './progress'

const gold: Tier = { id: 't', rank: 2, name: '金卡', points_percent: 150, birthday_percent: 200, coupon_template_ids: [], rights: [] }
const has = { spend_fen: 60_000, visits: 3 }
const progress = (more: Partial<TierProgress>): TierProgress => ({ since: '2026-01-01T00:00:00Z', window_from: '2025-11-27T00:00:00Z', counts: 'window', need: 'all', lifetime: has, window: has, since_change: has, ...more })
const up = (missing: Missing, need: 'any' | 'all' = 'all'): TierProgress => progress({ need, rise: { tier: gold, ...missing } })

describe('what is missing to the next tier', () => {
  it('is money, visits, both, or either', () => {
    expect(rise(up({ missing_fen: 40_000, missing_visits: null }))).toEqual({ text: '再消费 400 元升为金卡', share: 0.6, done: false })
    expect(rise(up({ missing_fen: null, missing_visits: 3 }))).toMatchObject({ text: '再来 3 次升为金卡', share: 0.5 })
    expect(rise(up({ missing_fen: 40_000, missing_visits: 1 }))).toMatchObject({ text: '再消费 400 元、再来 1 次升为金卡', share: 0.6 })
    expect(rise(up({ missing_fen: 40_000, missing_visits: 1 }, 'any'))).toMatchObject({ text: '再消费 400 元或再来 1 次升为金卡', share: 0.75 })
  })

  it('leaves out what is met where all is asked for', () => expect(rise(up({ missing_fen: 0, missing_visits: 2 })).text).toBe('再来 2 次升为金卡'))

  it('is nothing on the highest', () => expect(rise(progress({}))).toEqual({ text: '您已在最高等级', done: true }))
})

describe('what keeps the tier', () => {
  const check = { by: '2026-12-24T16:00:00Z', check_at: '2027-01-01T00:00:00Z', misses_left: 1 }

  it('is told with its day', () => {
    const text = stay(progress({ stay: { ...check, missing_fen: 12_300, missing_visits: null } }), gold)?.text
    expect(text).toMatch(/^(2026 年 )?12 月 25 日前再消费 123 元可保留金卡$/)
  })

  it('is done where nothing is missing, or where one of two is enough', () => {
    expect(stay(progress({ stay: { ...check, missing_fen: 0, missing_visits: null } }), gold)?.done).toBe(true)
    expect(stay(progress({ need: 'any', stay: { ...check, missing_fen: 900, missing_visits: 0 } }), gold)?.done).toBe(true)
  })

  it('is not spoken of on the lowest, and a tier given by hand tells until when', () => {
    expect(stay(progress({}), gold)).toBeUndefined()
    expect(stay(progress({ frozen_until: '2027-03-01T00:00:00Z' }), gold)?.text).toContain('3 月 1 日')
  })
})
