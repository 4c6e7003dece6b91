import { beforeEach, describe, expect, it } from 'vitest'
import { blankDraft, bodyOf, draftOf, faultsOf, KINDS, patchOf, type Draft, type Template } from '@/pages/coupons/draft'
import { grouped } from '@/pages/coupons/codes'
import { figureOf, offerLine, validityLine } from '@/pages/coupons/words'
import { shopZone } from '@/session/shop'
import '@/words/en'
import { chooseLanguage } from '@/words'

const draft = (part: Partial<Draft> = {}): Draft => ({ ...blankDraft(), name: '满30减8', discount_fen: 800, threshold_fen: 3000, ...part })

/** As the API would show what was saved. */
function templateOf(from: Draft): Template {
  const body = bodyOf(from)
  return {
    id: 'a',
    state: 'draft',
    rules: {
      name: body.name,
      kind: body.kind,
      threshold_fen: body.threshold_fen ?? 0,
      discount_fen: body.discount_fen,
      pay_percent: body.pay_percent,
      discount_ceiling_fen: body.discount_ceiling_fen,
      gift_name: body.gift_name,
      exchange_price_fen: body.exchange_price_fen,
      all_stores: body.all_stores ?? true,
      store_ids: body.store_ids ?? [],
      conditions: body.conditions ?? {},
      stacking_group: body.stacking_group,
      transferable: body.transferable ?? false,
      partial_refund: body.partial_refund ?? 'keep',
    },
    validity: body.validity,
    valid_from: body.valid_from && `${body.valid_from}T00:00:00+08:00`,
    valid_until: body.valid_until && `${body.valid_until}T23:59:59+08:00`,
    valid_days: body.valid_days,
    starts_after_days: body.starts_after_days,
    stock: body.stock,
    taken: 0,
    limit_per_member: body.limit_per_member ?? 1,
    limit_per_day: body.limit_per_day,
    daily_stock: body.daily_stock,
    claimable: body.claimable ?? true,
    claim_from: body.claim_from,
    claim_until: body.claim_until,
    public_code: body.public_code,
    cost_fen: body.cost_fen ?? 0,
    budget_fen: body.budget_fen,
    created_at: '2026-11-01T00:00:00Z',
    updated_at: '2026-11-01T00:00:00Z',
  }
}

beforeEach(() => {
  shopZone.value = 'Asia/Shanghai'
})

describe('coupon draft', () => {
  it('comes back from the API as it was saved', () => {
    const full = draft({
      validity: 'fixed',
      valid_from: '2026-12-01',
      valid_until: '2026-12-31',
      valid_days: null,
      store_ids: ['s1'],
      categories: ['茶饮'],
      excluded_products: ['T09'],
      channels: ['store'],
      windows: [{ weekdays: [1, 5], from: '14:00', until: '17:00' }],
      first_order: true,
      stacking_group: '满减',
      claim_from_day: '2026-11-28',
      claim_from_time: '10:00',
      claim_until_day: '2026-12-30',
      cost_fen: 300,
      budget_fen: 30_000,
    })
    expect(draftOf(templateOf(full))).toEqual(full)
  })

  it('means the shop’s clock where a claim opens', () => {
    const body = bodyOf(draft({ claim_from_day: '2026-11-28', claim_from_time: '10:00', claim_until_day: '2026-11-28' }))
    expect(body.claim_from).toBe('2026-11-28T02:00:00.000Z')
    expect(body.claim_until).toBe('2026-11-28T15:59:59.000Z')
  })

  it('leaves out what belongs to another kind', () => {
    const body = bodyOf(draft({ kind: 'gift', gift_name: ' 可颂 ', pay_percent: 80 }))
    expect(body).toMatchObject({ gift_name: '可颂', discount_fen: null, pay_percent: null })
  })

  it('changes only stock, daily stock and budget once copies exist', () => {
    expect(Object.keys(patchOf(draft(), true)).sort()).toEqual(['budget_fen', 'daily_stock', 'stock'])
    expect(patchOf(draft({ store_ids: ['s1'] }), false)).not.toHaveProperty('all_stores')
    expect(patchOf(draft(), false)).toMatchObject({ all_stores: true })
    expect(patchOf(draft(), false)).not.toHaveProperty('store_ids')
  })

  it('tells what is missing for each kind', () => {
    expect(faultsOf(draft())).toEqual({})
    const blanks = KINDS.map((kind) => Object.keys(faultsOf({ ...blankDraft(), name: 'x', kind })))
    expect(blanks).toEqual([['discount_fen'], ['pay_percent'], ['gift_name'], ['exchange_price_fen', 'categories'], [], ['gift_name']])
  })

  it('refuses what makes no sense', () => {
    expect(faultsOf(draft({ discount_fen: 4000 })).discount_fen).toBe('aboveThreshold')
    expect(faultsOf(draft({ kind: 'percentage', pay_percent: 100 })).pay_percent).toBe('percent')
    expect(faultsOf(draft({ budget_fen: 100 })).budget_fen).toBe('budget')
    expect(faultsOf(draft({ public_code: 'ab' })).public_code).toBe('code')
    expect(faultsOf(draft({ public_code: 'HUI-2026' })).public_code).toBeUndefined()
    const reversed = draft({ validity: 'fixed', valid_from: '2026-12-02', valid_until: '2026-12-01' })
    expect(faultsOf(reversed).valid_until).toBe('order')
    const day = { claim_from_day: '2026-12-01', claim_until_day: '2026-12-01' }
    expect(faultsOf(draft({ ...day, claim_from_time: '12:00', claim_until_time: '11:00' })).claim_until_day).toBe('order')
  })

  it('speaks the words of a ticket', async () => {
    expect(offerLine(draft())).toBe('满 ¥30 减 ¥8')
    expect(figureOf(draft({ kind: 'percentage', pay_percent: 85 }))).toEqual({ figure: '8.5', after: '折' })
    expect(validityLine(draft({ valid_days: 7, starts_after_days: 1 }))).toBe('1 天后生效，7 天内有效')
    await chooseLanguage('en')
    expect(figureOf(draft({ kind: 'percentage', pay_percent: 85 }))).toEqual({ figure: '15', after: '% off' })
    await chooseLanguage('zh-CN')
  })

  it('groups codes for reading aloud', () => {
    expect(grouped('ABCD2345EFGH')).toBe('ABCD-2345-EFGH')
  })
})
