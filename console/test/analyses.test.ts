import { describe, expect, it } from 'vitest'
import { chosen, gridOf, segmentLink, spansOf, withoutThen, type FoundRule } from '@/pages/analyses/analysis'
import { describeRule } from '@/pages/audiences/describe'
import { faultsOf, rootOf, ruleIn, ruleOf } from '@/pages/audiences/rule'

const good = (name: string, code: string | null = null) => ({ name, code })
const rule = (part: Partial<FoundRule>): FoundRule => ({
  when: [good('龙井', 'T1')],
  then: good('绿豆糕', 'C1'),
  count: 3,
  when_count: 4,
  then_count: 3,
  support: 0.6,
  confidence: 0.75,
  lift: 1.25,
  leverage: 0.12,
  conviction: 1.6,
  ...part,
})
const names = { store: (id: string) => id, tier: (id: string) => id, coupon: (id: string) => id, attribute: () => undefined }

describe('the analyses', () => {
  it('tell what each score stands for, also where a score has no value', () => {
    expect(spansOf([2, 4, 6, 8], false)).toEqual([
      { score: 5, from: 9, to: null },
      { score: 4, from: 7, to: 8 },
      { score: 3, from: 5, to: 6 },
      { score: 2, from: 3, to: 4 },
      { score: 1, from: null, to: 2 },
    ])
    expect(spansOf([33, 91, 159, 246], true)[0]).toEqual({ score: 5, from: null, to: 33 })
    expect(spansOf([2, 2, 2, 3], false).map((span) => span.score)).toEqual([5, 4, 1])
    expect(spansOf([], false)).toEqual([])
  })

  it('put every cell of the grid in its place, who bought once in front', () => {
    const cell = (recency_score: number, frequency_score: number | null) => ({ recency_score, frequency_score, members: 1, money_fen: 100 })
    const [best, , , , last] = gridOf([cell(5, null), cell(5, 5), cell(1, 2)])
    expect(best?.cells.map((one) => one?.frequency_score ?? (one ? 'once' : null))).toEqual(['once', null, null, null, null, 5])
    expect(last?.recency).toBe(1)
    expect(last?.cells[2]?.frequency_score).toBe(2)
  })

  it('make a segment of who bought the first and not the second, where codes tell them', () => {
    const asked = withoutThen(rule({ when: [good('龙井', 'T1'), good('茶杯', 'K1')] }), 'product', 30)
    expect(asked).toEqual({
      all: [
        { bought: { product_code: 'T1', within_days: 30 } },
        { bought: { product_code: 'K1', within_days: 30 } },
        { none: [{ bought: { product_code: 'C1', within_days: 30 } }] },
      ],
    })
    expect(withoutThen(rule({ then: good('茶杯') }), 'product', 30)).toBeNull()
    expect(withoutThen(rule({ when: [good('茶')], then: good('点心') }), 'category', 30)).toEqual({
      all: [{ bought: { category: '茶', within_days: 30 } }, { none: [{ bought: { category: '点心', within_days: 30 } }] }],
    })
  })

  it('hand a rule to the builder, which asks it as it was told', () => {
    const link = segmentLink('一次性购买', { value_class: 'bought_once' }) as { query: { rule: string; name: string } }
    const told = ruleIn(link.query.rule)
    expect(told).toEqual({ value_class: 'bought_once' })
    const root = rootOf(told!)
    expect(faultsOf(root).size).toBe(0)
    expect(ruleOf(root)).toEqual({ all: [{ value_class: 'bought_once' }] })
    expect(describeRule(told!, names)).toBe('价值分类：一次性购买')
    expect(describeRule({ lifecycle_stage: 'asleep' }, names)).toBe('生命周期阶段：沉睡')
  })

  it('take nothing from an address that carries no rule', () => {
    for (const text of [undefined, '', '{', '[]', 'null', '"all"', '{}', '{"a":1,"b":2}']) expect(ruleIn(text), String(text)).toBeNull()
  })

  it('find rules by a good and by their lift', () => {
    const rules = [rule({}), rule({ when: [good('茶杯', 'K1')], lift: 0.9 })]
    expect(chosen(rules, { words: '', least: 1 })).toEqual([rules[0]])
    expect(chosen(rules, { words: ' 茶杯 ', least: 0 })).toEqual([rules[1]])
    expect(chosen(rules, { words: 'c1', least: 0 })).toEqual(rules)
    expect(chosen(rules, { words: '咖啡', least: 0 })).toEqual([])
  })
})
