import { describe, expect, it } from 'vitest'
import { asks, ladder, often, points, type Rung } from './ladder'

const tier = (more: Partial<Rung>): Rung => ({ id: 'a', rank: 0, name: '普通', points_percent: 100, birthday_percent: 100, rights: [], ...more })

describe('the ladder of tiers', () => {
  it('has each tier once, from the lowest', () => {
    const low = tier({})
    const high = tier({ id: 'b', rank: 2 })
    expect(ladder(high, low, high, undefined).map((each) => each.id)).toEqual(['a', 'b'])
  })

  it('takes the gifts from the programme and the rest from what is known of now', () => {
    expect(ladder(tier({ name: '老名字', coupons: [{ name: '升级礼' }] }), tier({ name: '新名字' }))).toEqual([tier({ name: '新名字', coupons: [{ name: '升级礼' }] })])
  })

  it('says what a tier asks for', () => {
    expect(asks(tier({}), 'any')).toBe('入会即得')
    expect(asks(tier({ spend_fen: 80000 }), 'any')).toBe('消费满 800 元')
    expect(asks(tier({ spend_fen: 80000, visits: 12 }), 'any')).toBe('消费满 800 元 或 到店 12 次')
    expect(asks(tier({ spend_fen: 80000, visits: 12 }), 'all')).toBe('消费满 800 元 且 到店 12 次')
  })

  it('says what it gives', () => {
    expect(points(tier({ points_percent: 150, birthday_percent: 300 }))).toEqual(['消费积分 150%', '生日月积分 300%'])
    expect(points(tier({}))).toEqual(['消费积分 100%'])
    expect(often({ code: 'refill', name: '续杯', quota: 4, per: 'month' })).toBe('每月 4 次')
    expect(often({ code: 'seat', name: '雅座', per: 'stay' })).toBe('不限次数')
  })
})
