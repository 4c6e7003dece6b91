import { beforeEach, describe, expect, it } from 'vitest'
import { bodyOf, emptyDraft, startOfDraft, type Draft } from '@/pages/campaigns/composer/draft'
import { faultsOf, wordingsOf } from '@/pages/campaigns/composer/steps'
import { isApproved, needsApproval, type Campaign, type Policy } from '@/pages/campaigns/model'
import { shopZone } from '@/session/shop'

const now = new Date('2026-11-27T06:00:00Z')

function draft(more: Partial<Draft> = {}): Draft {
  return { ...emptyDraft(), name: '会员日', segmentId: 'S', startDay: '2026-11-28', ...more }
}

beforeEach(() => (shopZone.value = 'Asia/Shanghai'))

describe('composer', () => {
  it('schedules by the shop’s clock', () => {
    expect(startOfDraft(draft())?.toISOString()).toBe('2026-11-28T02:00:00.000Z')
    expect(startOfDraft(draft({ start: 'now' }))).toBeNull()
  })

  it('asks for a name, a segment and a time to come', () => {
    expect(faultsOf('offer', draft({ name: ' ' }), now)).toEqual({ name: 'campaigns.fault_name' })
    expect(faultsOf('offer', draft({ name: '全国第一会员日' }), now)).toEqual({ name: 'campaigns.fault_forbidden' })
    expect(faultsOf('audience', draft({ segmentId: '' }), now)).toHaveProperty('segment')
    expect(faultsOf('schedule', draft({ startDay: '' }), now)).toEqual({ start: 'campaigns.fault_start' })
    expect(faultsOf('schedule', draft({ startDay: '2026-11-26' }), now)).toEqual({ start: 'campaigns.fault_startPast' })
    expect(faultsOf('schedule', draft(), now)).toEqual({})
  })

  it('lets nothing start after its offer has ended', () => {
    expect(faultsOf('schedule', draft({ offerEndsDay: '2026-11-28', offerEndsTime: '09:00' }), now)).toEqual({
      start: 'campaigns.fault_startAfterOffer',
    })
    expect(faultsOf('offer', draft({ offerEndsDay: '2026-11-20' }), now)).toEqual({
      offerEnds: 'campaigns.fault_offerEnded',
    })
  })

  it('sends of a recurrence only what its kind has', () => {
    const weekly = draft({ start: 'recurring', recurrence: { every: 'week', at: '09:00', weekdays: [1, 5], days: [8] } })
    expect(bodyOf(weekly).recurrence).toEqual({ every: 'week', at: '09:00', weekdays: [1, 5] })
    expect(bodyOf(draft()).recurrence).toBeNull()
    const none = draft({ start: 'recurring', recurrence: { every: 'month', at: '09:00', days: [] } })
    expect(faultsOf('schedule', none, now)).toEqual({ recurrence: 'campaigns.fault_days' })
  })

  it('leaves out what is empty, and a next channel where there is none', () => {
    const body = bodyOf(draft({ onCap: 'next_channel', message: { template_id: 'T', page: '', parameters: {} } }))
    expect(body.message).toEqual({ template_id: 'T', parameters: {} })
    expect(body.on_cap).toBe('drop')
  })

  it('checks the variants instead of the message that they replace, and every fall-back', () => {
    const message = { parameters: {} }
    const both = draft({
      variants: [
        { name: 'A', weight: 1, message },
        { name: 'B', weight: 1, message },
      ],
      fallback: [{ channel: 'inbox', message }],
    })
    expect(wordingsOf(both).map((one) => one.id)).toEqual(['variant-0', 'variant-1', 'fallback-0'])
    expect(wordingsOf(draft()).map((one) => one.id)).toEqual(['main'])
  })
})

describe('second person', () => {
  const policy = (more: Partial<Policy>) => more as Policy

  it('is asked for where the brand says so, above its number of members', () => {
    expect(needsApproval(policy({}), 9_000)).toBe(false)
    expect(needsApproval(policy({ review_campaigns: true }), 1)).toBe(true)
    expect(needsApproval(policy({ review_campaigns: true, review_above_members: 100 }), 100)).toBe(false)
    expect(needsApproval(policy({ review_campaigns: true, review_above_members: 100 }), 101)).toBe(true)
  })

  it('has approved one version only', () => {
    expect(isApproved({ version: 3, approved_version: 3 } as Campaign)).toBe(true)
    expect(isApproved({ version: 4, approved_version: 3 } as Campaign)).toBe(false)
    expect(isApproved({ version: 1 } as Campaign)).toBe(false)
  })
})
