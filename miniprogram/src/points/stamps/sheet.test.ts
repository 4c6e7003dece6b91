import { describe, expect, it } from 'vitest'
import { current, full, type Card } from './sheet'

const card = (sheets: Card['sheets']): Card => ({ id: 'c', name: '集五章', stamps: 5, reward_template_id: 't', sheets })
const done = '2026-11-20T04:00:00Z'

describe('the sheet of a stamp card', () => {
  it('is an empty first one before the first stamp', () => expect(current(card([]))).toEqual({ round: 1, stamps: 0 }))
  it('is the one that is not full', () => {
    const two = card([{ round: 1, stamps: 5, completed_at: done }, { round: 2, stamps: 3 }])
    expect(current(two).stamps).toBe(3)
    expect(full(two).map((sheet) => sheet.round)).toEqual([1])
  })
  it('is a new one when the last is full', () => expect(current(card([{ round: 1, stamps: 5, completed_at: done }]))).toEqual({ round: 2, stamps: 0 }))
})
