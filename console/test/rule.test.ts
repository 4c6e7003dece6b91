import { describe, expect, it } from 'vitest'
import { describeRule } from '@/pages/audiences/describe'
import {
  depthOf,
  faultsOf,
  newGroup,
  newTest,
  nodeOf,
  PROPERTIES,
  rootOf,
  ruleOf,
  type ApiRule,
  type GroupNode,
  type TestNode,
} from '@/pages/audiences/rule'
import { chooseLanguage } from '@/words'
import '@/words/en'

const rules: ApiRule[] = [
  { all: [] },
  { dormant_days: { at_least: 30 } },
  { all: [{ tag: '面包控' }, { none: [{ dormant_days: { at_least: 60 } }] }] },
  { any: [{ purchase_count: { at_least: 8 } }, { purchase_total_fen: { at_least: 30_000, at_most: 90_000 } }] },
  { all: [{ any: [{ gender: 'female' }, { age: { at_most: 30 } }] }, { last_purchase: { from: '2026-01-01' } }] },
  { all: [{ age_band: 'senior' }, { occupation: '教师' }, { subscribed: 'T1' }] },
  { any: [{ coupon: { has: 'unused', within_days: 7 } }, { bought: { category: '茶', within_days: 90 } }] },
  { all: [{ attribute: { key: 'size', is: ['M', 'L'] } }, { attribute: { key: 'visits', at_least: 2.25, at_most: 1000.0001 } }] },
  { all: [{ attribute: { key: 'since', until: '2026-06-30' } }, { attribute: { key: 'vegan', is: ['true'] } }] },
  { behaviour: { name: 'page_view', page: '/pages/mall', at_least: 2 } },
  { all: [{ birthday_month: 11 }, { never_bought: false }, { marketing_consent: true }, { identity: 'wechat_openid' }] },
]

describe('rule', () => {
  it.each(rules)('goes to the builder and back unchanged: %j', (rule) => {
    expect(ruleOf(nodeOf(rule))).toEqual(rule)
  })

  it('keeps a condition that it does not know', () => {
    const newer = { all: [{ moon_phase: { full: true } }, { tag: '常客' }] } as unknown as ApiRule
    expect(ruleOf(rootOf(newer))).toEqual(newer)
    expect(faultsOf(rootOf(newer)).size).toBe(0)
  })

  it('puts a single test into a group', () => {
    expect(ruleOf(rootOf({ tag: '常客' }))).toEqual({ all: [{ tag: '常客' }] })
  })

  it('asks for no property twice, and begins each with something that can be completed', () => {
    expect(new Set(PROPERTIES.map((one) => one.key)).size).toBe(PROPERTIES.length)
    for (const { key } of PROPERTIES) expect(ruleOf(newTest(key)), key).toHaveProperty(key)
  })

  it('tells what is missing, reversed or out of range', () => {
    const test = (property: TestNode['property'], value: TestNode['value']): TestNode => ({ ...newTest(property), value })
    const faultOf = (node: TestNode) => faultsOf(newGroup('all', [node])).get(node.id)
    expect(faultOf(test('tag', ''))).toBe('missing')
    expect(faultOf(test('points', { at_least: null, at_most: null }))).toBe('missing')
    expect(faultOf(test('points', { at_least: 9, at_most: 3 }))).toBe('order')
    expect(faultOf(test('last_purchase', { from: '2026-02-01', until: '2026-01-01' }))).toBe('order')
    expect(faultOf(test('age', { at_least: 151, at_most: null }))).toBe('range')
    expect(faultOf(test('age', { at_least: 0, at_most: null }))).toBeUndefined()
    expect(faultOf(test('never_bought', false))).toBeUndefined()
    const asked = { key: 'visits', is: null, at_least: null, at_most: null, from: null, until: null }
    expect(faultOf(newTest('attribute'))).toBe('missing')
    expect(faultOf(test('attribute', asked))).toBe('missing')
    expect(faultOf(test('attribute', { ...asked, is: ['M'] }))).toBeUndefined()
    expect(faultOf(test('attribute', { ...asked, at_least: 3, at_most: 2 }))).toBe('order')
    expect(faultOf(test('attribute', { ...asked, from: '2026-02-01', until: '2026-01-01' }))).toBe('order')
    expect(faultOf(test('attribute', { ...asked, is: Array.from({ length: 51 }, String) }))).toBe('range')
    expect(faultOf(newTest('coupon'))).toBeUndefined()
    expect(faultOf(newTest('bought'))).toBe('missing')
    expect(faultOf(test('bought', { category: null, product_code: null, store_id: null, within_days: 4_000 }))).toBe('range')
    expect(faultOf(test('behaviour', { name: '', page: null, at_least: null, within_days: null }))).toBe('missing')
  })

  it('lets the empty root be everybody, but no inner group be empty', () => {
    expect(faultsOf(newGroup('all')).size).toBe(0)
    expect(faultsOf(newGroup('any')).size).toBe(1)
    const inner = newGroup('all')
    expect(faultsOf(newGroup('all', [inner])).get(inner.id)).toBe('empty')
  })

  it('holds the limits of the API', () => {
    const leaf = newTest('never_bought')
    let nested: GroupNode = newGroup('all', [leaf])
    for (let depth = 0; depth < 5; depth += 1) nested = newGroup('all', [nested])
    expect(depthOf(nested)).toBe(7)
    expect(faultsOf(nested).get(leaf.id)).toBe('tooDeep')
    const wide = newGroup('all', Array.from({ length: 100 }, () => newTest('never_bought')))
    expect([...faultsOf(wide).values()]).toEqual(['tooMany'])
  })

  it('reads as a sentence in both languages', async () => {
    const own = [
      { key: 'size', label: '尺码', kind: 'choice' },
      { key: 'visits', label: '到访', kind: 'number' },
      { key: 'vegan', label: '吃素', kind: 'boolean' },
    ]
    const names = {
      store: (id: string) => `店${id}`,
      tier: (id: string) => id,
      coupon: (id: string) => `券${id}`,
      attribute: (key: string) => own.find((one) => one.key === key),
    }
    expect(describeRule(rules[2]!, names)).toBe('标签：面包控，且排除距上次消费 不少于 60 天')
    expect(describeRule(rules[3]!, names)).toBe('累计单数 不少于 8 单，或累计消费金额 ¥300 至 ¥900')
    expect(describeRule(rules[6]!, names)).toBe('持有未用的「任意优惠券」，7 天内到期，或买过茶，最近 90 天')
    expect(describeRule({ coupon: { has: 'used', template_id: 'A' } }, names)).toBe('用过「券A」')
    expect(describeRule(rules[7]!, names)).toBe('尺码：M / L，且到访 2.25 至 1,000.0001')
    expect(describeRule(rules[8]!, names)).toBe('since 6月30日 及以前，且吃素：是')
    expect(describeRule(rules[9]!, names)).toBe('打开页面 /pages/mall 至少 2 次')
    expect(describeRule({ all: [] }, names)).toBe('全部会员')
    await chooseLanguage('en')
    expect(describeRule(rules[1]!, names)).toBe('Since the last purchase at least 30 days')
    await chooseLanguage('zh-CN')
  })
})
