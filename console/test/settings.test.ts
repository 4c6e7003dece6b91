import { describe, expect, it } from 'vitest'
import { isOvernight, isQuiet, isSame, newRule, wholePolicy, type Policy } from '@/pages/settings/model'

const bare: Policy = {
  caps: { per_24_hours: 1, per_7_days: 3, per_calendar_day: 1 },
  quiet_hours: { start: '21:00', end: '09:00' },
}

describe('settings', () => {
  it('takes a policy with fields left out for the same as the whole one', () => {
    expect(isSame(bare, wholePolicy(bare))).toBe(true)
    expect(isSame(bare, { ...bare, review_campaigns: true })).toBe(false)
  })

  it('does not change the policy that was read when the form is edited', () => {
    const form = wholePolicy(bare)
    form.caps.per_7_days = 9
    form.quiet_hours.start = '22:00'
    expect(bare.caps.per_7_days).toBe(3)
    expect(bare.quiet_hours.start).toBe('21:00')
  })

  it('knows quiet hours, and those that go across midnight', () => {
    expect(isQuiet(bare)).toBe(true)
    expect(isQuiet({ ...bare, quiet_hours: { start: '00:00', end: '00:00' } })).toBe(false)
    expect(isOvernight(bare.quiet_hours)).toBe(true)
    expect(isOvernight({ start: '12:00', end: '14:00' })).toBe(false)
  })

  it('begins a rule that the API takes: it names something and limits something', () => {
    const rule = newRule()
    expect(rule.channel).toBeTruthy()
    expect((rule.per_24_hours ?? 0) + (rule.per_7_days ?? 0) + (rule.per_calendar_day ?? 0)).toBeGreaterThan(0)
  })
})
