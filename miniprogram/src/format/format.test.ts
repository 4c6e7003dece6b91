import { afterEach, describe, expect, it } from 'vitest'
import type { Rules } from './coupon'
import { bestUse, forTiers, panel, ruleLine, stateOf, threshold, validity } from './coupon'
import { clock, date, day, daysUntil, isoDay, remaining, until } from './date'
import { count, exact, figure, parseYuan, plain, yuan } from './money'
import { groupedDigits, isMobile, maskedName, spacedPhone } from './person'
import { locale } from '@/words'

afterEach(() => (locale.value = 'zh-CN'))

describe('money', () => {
  it.each([
    [0, '0'],
    [2000, '20'],
    [2050, '20.5'],
    [2005, '20.05'],
    [128000, '1,280'],
    [123456789, '1,234,567.89'],
    [-350, '-3.5'],
  ])('%i fen read %s', (fen, words) => expect(plain(fen)).toBe(words))

  it('stands with all its fen on a receipt', () => {
    expect(exact(128050)).toBe('¥1,280.50')
    expect(exact(-5)).toBe('-¥0.05')
  })

  it('is set in parts, the fen apart', () => expect(figure(990)).toEqual({ sign: '', whole: '9', cents: '.9' }))

  it('is said with its unit', () => {
    expect(yuan(2000)).toBe('20 元')
    locale.value = 'en'
    expect(yuan(2000)).toBe('¥20')
  })

  it.each([
    ['128', 12800],
    ['128.', 12800],
    ['128.5', 12850],
    ['0.05', 5],
    ['1.234', undefined],
    ['-3', undefined],
    ['', undefined],
    ['12345678', undefined],
  ])('typed as "%s" is %s fen', (text, fen) => expect(parseYuan(text)).toBe(fen))

  it('counts with thousands apart and a sign where it is asked for', () => {
    expect(count(1680)).toBe('1,680')
    expect(count(12, true)).toBe('+12')
    expect(count(-1234567, true)).toBe('-1,234,567')
  })
})

describe('days are the shop’s, whatever the phone’s zone', () => {
  const now = Date.parse('2026-11-27T15:59:00Z') // 23:59 in Beijing

  it('a minute later it is tomorrow', () => {
    expect(daysUntil('2026-11-27T15:59:59Z', now)).toBe(0)
    expect(daysUntil('2026-11-27T16:00:00Z', now)).toBe(1)
    expect(isoDay(now + 60_000)).toBe('2026-11-28')
  })

  it('are said in plain words, the year only where it is another one', () => {
    expect(day('2026-11-27T02:00:00Z', now)).toBe('今天')
    expect(day('2026-11-28T02:00:00Z', now)).toBe('明天')
    expect(day('2026-11-26T02:00:00Z', now)).toBe('昨天')
    expect(day('2026-12-31T02:00:00Z', now)).toBe('12 月 31 日')
    expect(date('2027-01-05T02:00:00Z', now)).toBe('2027 年 1 月 5 日')
    locale.value = 'en'
    expect(date('2027-01-05T02:00:00Z', now)).toBe('5 January 2027')
  })

  it('an end tells its time only where it is not the end of its day', () => {
    expect(until('2026-12-31T15:59:59Z', now)).toBe('至 12 月 31 日')
    expect(until('2026-12-31T16:00:00Z', now)).toBe('至 12 月 31 日')
    expect(until('2026-12-31T10:30:00Z', now)).toBe('至 12 月 31 日 18:30')
    expect(clock('2026-12-31T10:30:00Z')).toBe('18:30')
  })

  it('what ends soon says so, what is over or far does not', () => {
    expect(remaining('2026-11-27T15:59:59Z', 7, now)).toBe('今天到期')
    expect(remaining('2026-11-30T02:00:00Z', 7, now)).toBe('还有 3 天')
    expect(remaining('2026-11-27T15:58:00Z', 7, now)).toBeUndefined()
    expect(remaining('2026-12-30T02:00:00Z', 7, now)).toBeUndefined()
    expect(remaining('2026-11-20T02:00:00Z', 7, now)).toBeUndefined()
  })
})

describe('people', () => {
  it('names are masked for a counter', () => {
    expect(maskedName('林晓')).toBe('林*')
    expect(maskedName('欧阳明月')).toBe('欧***')
    expect(maskedName('Ann')).toBe('A**')
    expect(maskedName('  ')).toBe('')
  })
  it('numbers stand in groups', () => {
    expect(groupedDigits('6000000000000007')).toBe('6000 0000 0000 0007')
    expect(spacedPhone('13912345678')).toBe('139 1234 5678')
    expect(isMobile('13912345678')).toBe(true)
    expect(isMobile('12912345678')).toBe(false)
  })
})

describe('a coupon in plain words', () => {
  const anything: Rules['conditions'] = { categories: [], products: [], excluded_products: [], channels: [], windows: [], first_order: false, tiers: [] }
  const rules = (more: Partial<Rules>): Rules => ({
    name: '券',
    kind: 'money_off',
    threshold_fen: 0,
    all_stores: true,
    store_ids: [],
    conditions: anything,
    transferable: false,
    partial_refund: 'keep',
    ...more,
  })

  it('an offer for some tiers names them', () => {
    const tiers = [
      { id: 'a', name: '普卡' },
      { id: 'b', name: '银卡' },
      { id: 'c', name: '金卡' },
    ]
    expect(forTiers(rules({}), tiers)).toBeUndefined()
    expect(forTiers(rules({ conditions: { ...anything, tiers: ['b', 'c'] } }), tiers)).toBe('仅限 银卡、金卡 领取')
  })

  it('money off stands as its amount', () => {
    expect(panel(rules({ discount_fen: 2000 }))).toEqual({ before: '¥', big: '20', after: '' })
    expect(threshold(rules({ threshold_fen: 10000 }))).toBe('满 100 元可用')
    expect(threshold(rules({}))).toBe('无门槛')
  })

  it('a percentage is 折 in Chinese and per cent off in English', () => {
    const percent = rules({ kind: 'percentage', pay_percent: 85, discount_ceiling_fen: 2000 })
    expect(panel(percent)).toEqual({ before: '', big: '8.5', after: '折' })
    expect(ruleLine(percent)).toBe('最多减 20 元，全部门店')
    locale.value = 'en'
    expect(panel(percent)).toEqual({ before: '', big: '15', after: '% off' })
  })

  it('names few stores and counts many', () => {
    const two = rules({ all_stores: false, store_ids: ['a', 'b'] })
    expect(ruleLine(two, ['南山店', '福田店'])).toBe('南山店、福田店')
    expect(ruleLine(two)).toBe('2 家门店')
  })

  it('names goods and days', () => {
    expect(ruleLine(rules({ conditions: { ...anything, categories: ['茶饮'], windows: [{ weekdays: [3, 5], from: '14:00', until: '17:00' }], first_order: true } }))).toBe('全部门店，限茶饮，仅周三、周五 14:00–17:00，仅限首单')
  })

  it('tells where it takes off most', () => {
    expect(bestUse(rules({ kind: 'percentage', pay_percent: 80, discount_ceiling_fen: 2000 }))).toContain('100 元')
    expect(bestUse(rules({ discount_fen: 2000 }))).toBeUndefined()
  })

  it('is expired when its time is over, whether or not the server has written it down', () => {
    const coupon = { state: 'issued' as const, valid_until: '2026-11-27T15:59:59Z' }
    expect(stateOf(coupon, Date.parse('2026-11-27T15:59:59Z'))).toBe('issued')
    expect(stateOf(coupon, Date.parse('2026-11-27T16:00:00Z'))).toBe('expired')
    expect(stateOf({ ...coupon, state: 'used' }, Date.parse('2026-12-27T16:00:00Z'))).toBe('used')
  })

  it('says how long an offer will be good', () => {
    expect(validity({ validity: 'relative', valid_days: 30 })).toBe('领取后 30 天内有效')
  })
})
