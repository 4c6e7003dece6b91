import { describe, expect, it } from 'vitest'
import { faultsOf, mayRemove, movedBy, movesOf, newStep, planBodyOf, sharesOf, type Plan, type Step } from '@/pages/tiers/ladder'

const step = (name: string, part: Partial<Step> = {}): Step => ({ ...newStep(), savedName: name, name, ...part })

const ladder = () => [
  step('茶友', { members: 21 }),
  step('常客', { spend_fen: 30_000, members: 32 }),
  step('贵宾', { spend_fen: 80_000, members: 7 }),
]

const plan = (moves: Plan['moves']): Plan => ({
  members: 60,
  tiers: [
    { name: '茶友', members: 30, share_per_10000: 5000 },
    { name: '常客', members: 24, share_per_10000: 4000 },
    { name: '贵宾', members: 6, share_per_10000: 1000 },
  ],
  moves,
  top_above_quota: false,
  top_quota_percent: 10,
})

describe('ladder planner', () => {
  it('counts who moves, up and down, the largest group first', () => {
    const moves = movesOf(
      plan([
        { from: '茶友', to: '茶友', members: 21 },
        { from: '贵宾', to: '常客', members: 1 },
        { from: '常客', to: '茶友', members: 9 },
        { from: '茶友', to: '常客', members: 0 },
        { from: '常客', to: '贵宾', members: 2 },
      ]),
      ladder(),
    )
    expect(moves.map((move) => [move.from, move.to, move.members])).toEqual([
      ['常客', '茶友', 9],
      ['常客', '贵宾', 2],
      ['贵宾', '常客', 1],
    ])
    expect(movedBy(moves)).toEqual({ up: 2, down: 10 })
  })

  it('moves nobody where a tier is only called otherwise', () => {
    const steps = ladder()
    steps[1]!.name = '老友'
    const moves = movesOf(plan([{ from: '常客', to: '老友', members: 32 }, { from: '茶友', to: '老友', members: 3 }]), steps)
    expect(moves).toEqual([{ from: '茶友', to: '老友', members: 3, isUp: true }])
  })

  it('raises everybody where there was no ladder', () => {
    expect(movesOf(plan([{ from: null, to: '茶友', members: 60 }]), ladder())).toEqual([
      { from: null, to: '茶友', members: 60, isUp: true },
    ])
  })

  it('turns hundredths of a percent into shares', () => {
    expect(sharesOf(plan([]))).toEqual([0.5, 0.4, 0.1])
  })

  it('asks the API for names and thresholds alone', () => {
    expect(planBodyOf([step(' 茶友 '), step('常客', { spend_fen: 100, visits: 3 })])).toEqual({
      tiers: [
        { name: '茶友', spend_fen: null, visits: null },
        { name: '常客', spend_fen: 100, visits: 3 },
      ],
    })
  })

  it('tells which step can not be saved', () => {
    const faultOf = (steps: Step[], index: number) => faultsOf(steps).get(steps[index]!.key)
    expect(faultsOf(ladder()).size).toBe(0)
    expect(faultOf([step('茶友'), step('常客')], 1)).toBe('nothing')
    expect(faultOf([step('茶友'), step('茶友', { visits: 2 })], 1)).toBe('twice')
    expect(faultOf([step('茶友'), step('', { visits: 2 })], 1)).toBe('name')
    expect(faultOf([step('茶友'), step('常客', { spend_fen: 5 }), step('贵宾', { spend_fen: 5 })], 2)).toBe('notAbove')
    expect(faultOf([step('茶友'), step('常客', { spend_fen: 5 }), step('贵宾', { visits: 1 })], 2)).toBeUndefined()
    expect(faultOf([step('茶友', { rights: [{ code: '', name: '续杯', per: 'month' }] })], 0)).toBe('right')
  })

  it('removes a tier only while nobody holds it, and the lowest never', () => {
    const steps = [step('茶友'), step('常客', { members: 1 }), step('贵宾')]
    expect(steps.map((one) => mayRemove(steps, one))).toEqual([false, false, true])
  })
})
