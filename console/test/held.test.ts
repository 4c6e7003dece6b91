import { describe, expect, it } from 'vitest'
import { bodyOfPack, draftOfPack, type Pack } from '@/pages/coupons/pack'
import { byWords, cameWords, canBeVoided, liveUse, moveWords, reasonWords, standingOf, type Redemption } from '@/pages/coupons/held'

const NOW = Date.parse('2026-05-10T12:00:00Z')
const coupon = { state: 'issued', valid_from: '2026-05-01T00:00:00Z', valid_until: '2026-05-31T00:00:00Z' } as const

describe('a copy', () => {
  it('is over when its time is, though nobody has marked it', () => {
    expect(standingOf(coupon, NOW).words).toBe('未使用')
    expect(standingOf({ ...coupon, valid_until: '2026-05-09T00:00:00Z' }, NOW).words).toBe('已过期')
    expect(standingOf({ ...coupon, valid_from: '2026-05-11T00:00:00Z' }, NOW).words).toBe('未到使用时间')
    expect(standingOf({ ...coupon, state: 'used', valid_until: '2026-05-09T00:00:00Z' }, NOW).words).toBe('已核销')
  })

  it('can be voided only while nobody has used or locked it', () => {
    expect(canBeVoided(coupon)).toBe(true)
    expect(canBeVoided({ ...coupon, state: 'used' })).toBe(false)
    expect(canBeVoided({ ...coupon, state: 'locked' })).toBe(false)
  })

  it('tells its moves, its reasons and who made them', () => {
    expect(moveWords({ from: null, to: 'issued' })).toBe('发出')
    expect(moveWords({ from: 'used', to: 'issued' })).toBe('退回未使用')
    expect(moveWords({ from: 'locked', to: 'issued' })).toBe('解除锁定')
    expect(moveWords({ from: 'issued', to: 'issued' })).toBe('转赠')
    expect(moveWords({ from: 'issued', to: 'voided' })).toBe('已作废')
    expect(reasonWords('order_refunded')).toBe('订单退款')
    expect(reasonWords('发错了')).toBe('发错了')
    expect(byWords({ actor: 'system', staff: null })).toBe('系统')
    expect(byWords({ actor: 'staff', staff: '何小满' })).toBe('何小满')
    expect(cameWords({ source: 'campaign', source_name: '春茶上新' })).toBe('活动发放「春茶上新」')
    expect(cameWords({ source: 'claim', source_name: null })).toBe('自己领取')
  })

  it('is used where its use still stands', () => {
    const use = (reversed_at: string | null) => ({ reversed_at }) as Redemption
    expect(liveUse({ redemptions: [use('2026-05-02T00:00:00Z')] })).toBeUndefined()
    expect(liveUse({ redemptions: [use(null), use('2026-05-02T00:00:00Z')] })).toEqual(use(null))
  })
})

describe('a pack', () => {
  const pack = { name: '礼包', limit_per_member: 2, claimable: true, items: [{ template_id: 'a', copies: 1 }], taken: 3 } as Pack

  it('is not saved while something is missing', () => {
    expect(bodyOfPack(draftOfPack(null), null)).toBeNull()
    expect(bodyOfPack({ ...draftOfPack(pack), name: ' ' }, pack)).toBeNull()
  })

  it('that was taken keeps its limit or gets a higher one', () => {
    expect(bodyOfPack({ ...draftOfPack(pack), limit_per_member: 1 }, pack)).toBeNull()
    expect(bodyOfPack({ ...draftOfPack(pack), limit_per_member: 1 }, { ...pack, taken: 0 })?.limit_per_member).toBe(1)
    expect(bodyOfPack({ ...draftOfPack(pack), limit_per_member: 3 }, pack)?.limit_per_member).toBe(3)
  })
})
