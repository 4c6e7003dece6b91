import { describe, expect, it } from 'vitest'
import { cost, facts, obstacle, type Item } from './offer'

const now = Date.parse('2026-11-27T04:00:00Z')
const item = (more: Partial<Item>): Item => ({ id: 'i', name: '随行杯', description: '', kind: 'gift', points: 150, price_fen: 0, left: 200, ...more })

describe('an item of the mall', () => {
  it('costs points, and money where money is asked for too', () => {
    expect(cost(item({ points: 1500 }))).toBe('1,500 积分')
    expect(cost(item({ price_fen: 990 }))).toBe('150 积分 + 9.9 元')
  })

  it('says what is in the way: how many points are missing, when it opens, or the refusal', () => {
    expect(obstacle(item({}), 10, now)).toBeUndefined()
    expect(obstacle(item({ refusal: 'points_short' }), 110, now)).toBe('还差 40 分')
    expect(obstacle(item({ refusal: 'mall_item_closed', open_from: '2026-11-28T02:00:00Z' }), 500, now)).toBe('明天 10:00 开放兑换')
    expect(obstacle(item({ refusal: 'mall_item_closed', open_until: '2026-11-26T02:00:00Z' }), 500, now)).toBe('兑换已结束')
    expect(obstacle(item({ refusal: 'mall_item_closed' }), 500, now)).toBe('现在不在兑换时段')
    expect(obstacle(item({ refusal: 'mall_limit_reached' }), 500, now)).toBe('已达每人上限')
    expect(obstacle(item({ refusal: 'one_of_tomorrow' }), 500, now)).toBe('现在不能兑换')
  })

  it('says when it can be had', () => {
    expect(facts(item({ open_until: '2030-12-05T10:00:00Z' }))).toBe('兑换截止 2030 年 12 月 5 日 18:00')
    expect(facts(item({ open_from: '2030-12-01T02:00:00Z', open_until: '2030-12-05T10:00:00Z' }))).toBe('2030 年 12 月 1 日 10:00 至 2030 年 12 月 5 日 18:00 可兑换')
  })

  it('counts what is left only where it is little', () => {
    expect(facts(item({ left: 200 }))).toBe('')
    expect(facts(item({ left: 3, limit_per_member: 1 }))).toBe('剩 3 份 · 每人限 1 份')
  })
})
