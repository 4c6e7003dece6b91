import { describe, expect, it } from 'vitest'
import { wallet, type Consent } from './wallet'

const consent = (template_id: string, available: number): Consent => ({ template_id, kind: 'one_time', available, updated_at: '2026-11-27T04:00:00Z' })
const offered = [{ template_id: 'a', title: '券到期提醒', kind: 'one_time' as const }]

describe('the subscription wallet', () => {
  it('shows what may be asked for, with what is left of it', () => {
    expect(wallet(offered, [], '其他')).toEqual([{ ...offered[0], available: 0 }])
    expect(wallet(offered, [consent('a', 2)], '其他')[0]?.available).toBe(2)
  })
  it('shows others only while something is left of them', () => {
    expect(wallet(offered, [consent('old', 0)], '其他')).toHaveLength(1)
    expect(wallet(offered, [consent('old', 1)], '其他')[1]).toMatchObject({ title: '其他', available: 1 })
  })
})
