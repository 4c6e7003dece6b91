import { describe, expect, it } from 'vitest'
import { reasonText, reasonTexts } from './reason'

describe('why an article earned what it did', () => {
  it('is told by tier, rule and birthday', () => {
    expect(reasonText({ kind: 'tier', name: '金卡', percent: 150 })).toBe('金卡 150% 积分')
    expect(reasonText({ kind: 'tier_birthday', name: '金卡', percent: 300 })).toBe('生日月 金卡 300% 积分')
    expect(reasonTexts([{ kind: 'rule', name: '会员日', percent: 200 }, { kind: 'excluded', name: '礼品卡' }])).toBe('会员日 200% 积分 · 礼品卡，不参与积分')
  })
  it('falls back to the name', () => {
    expect(reasonText({ kind: 'rule', name: '新品' })).toBe('新品')
    expect(reasonText({ kind: 'of_tomorrow', name: '某规则', percent: 120 })).toBe('某规则')
  })
})
