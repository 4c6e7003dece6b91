import { beforeEach, describe, expect, it } from 'vitest'
import { wantedOf, cardNumber, isExact } from '@/pages/members/search'
import { isItemReady, itemBody, itemDraft } from '@/pages/mall/item'
import { endsOf } from '@/pages/points/owed'
import { draftOf, faultOf, newRule, policyOf, type Policy } from '@/pages/points/policy'
import { isSurveyReady, newQuestion, surveyBody, surveyDraft } from '@/pages/surveys/survey'
import { shopZone } from '@/session/shop'

const policy: Policy = {
  per_yuan: 1,
  return_days: 7,
  expiry: { kind: 'year_end', after_years: 1 },
  grace_days: 7,
  shortage: 'debt',
  fen_per_100: 100,
  combine: 'highest',
  rules: [
    {
      name: '会员日双倍',
      when: { stores: [], categories: [], products: [], tiers: [], weekdays: [], days_of_month: [8], from: null, until: null, birthday: null, least_fen: null },
      effect: { percent: 200 },
    },
  ],
  review_above: 1000,
  remind_days: 7,
  check_in: { points: 1, streaks: [{ days: 7, points: 10 }] },
  invite: { reward_on: 'first_purchase', inviter_points: 50, invited_points: 20, least_fen: 1000, most_in_30_days: 10 },
  sharing: { enabled: false, points: 0, warning_read: false },
}

beforeEach(() => {
  shopZone.value = 'Asia/Shanghai'
})

describe('points policy', () => {
  it('goes to the form and back unchanged', () => {
    expect(policyOf(draftOf(policy))).toEqual(policy)
    const excluding: Policy = { ...policy, check_in: null, invite: null, expiry: { kind: 'never' }, rules: [{ ...policy.rules![0]!, effect: 'exclude' }] }
    expect(policyOf(draftOf(excluding))).toEqual(excluding)
  })

  it('is not saved with gaps, nor with sharing on and its warning unread', () => {
    const draft = draftOf(policy)
    expect(faultOf(draft)).toBeNull()
    expect(faultOf({ ...draft, return_days: null })).toBe('missing')
    expect(faultOf({ ...draft, expiry: 'days', expiry_number: 0 })).toBe('expiry')
    expect(faultOf({ ...draft, rules: [newRule()] })).toBe('ruleName')
    expect(faultOf({ ...draft, sharing: true })).toBe('sharing')
    expect(faultOf({ ...draft, sharing: true, warning_read: true })).toBeNull()
  })
})

describe('points owed', () => {
  it('falls with each end, by the last good day of the shop', () => {
    const worth = { points: 0, fen: 0 }
    const by_end = [
      { expires_at: null, points: 5, fen: 5 },
      { expires_at: '2027-12-31T16:00:00Z', points: 70, fen: 70 },
      { expires_at: '2026-12-31T16:00:00Z', points: 25, fen: 25 },
    ]
    const ends = endsOf({ fen_per_100: 100, open: { points: 100, fen: 100 }, pending: worth, debt: worth, members: 2, by_end })
    expect(ends.map(({ day, left }) => [day, left])).toEqual([
      ['2026-12-31', 75],
      ['2027-12-31', 5],
      [null, 5],
    ])
  })
})

describe('search of members', () => {
  it('knows a phone, a card and a name apart', () => {
    expect(wantedOf(' 138 0000 0001 ')).toEqual({ kind: 'phone', phone: '13800000001' })
    expect(wantedOf('+8619200000001')).toEqual({ kind: 'phone', phone: '19200000001' })
    expect(wantedOf('6810 6420 7045 9678')).toEqual({ kind: 'card', q: '6810642070459678' })
    expect(wantedOf('林晓')).toEqual({ kind: 'name', q: '林晓' })
    expect(wantedOf('1380000')).toEqual({ kind: 'name', q: '1380000' })
    expect(wantedOf('  ')).toEqual({ kind: 'all' })
    expect([wantedOf('13800000001'), wantedOf('林')].map(isExact)).toEqual([true, false])
    expect(cardNumber('6810642070459678')).toBe('6810 6420 7045 9678')
  })
})

describe('mall items and surveys', () => {
  it('opens and closes with the shop’s days, and asks no money for a coupon', () => {
    const draft = { ...itemDraft(null), name: '杯子', points: 10, price_fen: 990, from: '2026-12-01', until: '2026-12-31' }
    expect(itemBody(draft)).toMatchObject({ price_fen: 990, open_from: '2026-11-30T16:00:00.000Z', open_until: '2026-12-31T15:59:59.000Z' })
    expect(itemBody({ ...draft, kind: 'coupon', coupon_template_id: 'c' })).toMatchObject({ price_fen: 0, coupon_template_id: 'c' })
    expect(isItemReady(draft)).toBe(true)
    expect(isItemReady({ ...draft, kind: 'coupon' })).toBe(false)
    expect(isItemReady({ ...draft, from: '2027-01-01' })).toBe(false)
  })

  it('wants two choices at least, and none for free text', () => {
    const draft = { ...surveyDraft(null), name: '口味', questions: [{ ...newQuestion(), text: '喜欢哪种？', choices: ['甜', ''] }] }
    expect(isSurveyReady(draft)).toBe(false)
    draft.questions[0]!.choices = ['甜', '', '淡']
    expect(isSurveyReady(draft)).toBe(true)
    expect(surveyBody(draft).questions).toEqual([{ text: '喜欢哪种？', choices: ['甜', '淡'] }])
    draft.questions[0]!.isChoice = false
    expect(surveyBody(draft).questions[0]?.choices).toEqual([])
  })
})
