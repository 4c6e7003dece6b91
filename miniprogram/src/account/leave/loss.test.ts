import { describe, expect, it } from 'vitest'
import { losses } from './loss'

describe('what goes with an account', () => {
  const nothing = { points: 0, coupons: 0, moreCoupons: false, exchanges: 0, stamps: 0 }
  it('is told only where there is something', () => {
    expect(losses(nothing)).toEqual([])
    expect(losses({ ...nothing, points: 1680, coupons: 3, tier: '金卡' })).toEqual(['1,680 积分', '3 张可用的券', '金卡等级和它的权益'])
    expect(losses({ ...nothing, coupons: 100, moreCoupons: true })).toEqual(['100 张以上可用的券'])
  })
  it('a debt of points is no loss', () => expect(losses({ ...nothing, points: -20 })).toEqual([]))
})
