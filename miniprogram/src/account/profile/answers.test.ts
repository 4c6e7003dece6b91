import { describe, expect, it } from 'vitest'
import { answersOf, changedAnswers, shown, typed, type Question } from './answers'

const question = (more: Partial<Question>): Question => ({ id: 'a', key: 'tea', label: '喜欢的茶', kind: 'text', choices: [], editable_by_member: true, archived: false, value: null, ...more })

describe('answers to what the brand asks', () => {
  it('send what changed, and null for what was taken back', () => {
    const questions = [question({ value: '龙井' }), question({ key: 'cups', kind: 'number', value: 2 }), question({ key: 'news', kind: 'boolean', value: true })]
    expect(changedAnswers(questions, answersOf(questions))).toEqual({})
    expect(changedAnswers(questions, { tea: null, cups: 3, news: true })).toEqual({ tea: null, cups: 3 })
  })

  it('are typed as numbers where a number is asked for', () => {
    expect(typed('number', ' 2.5 ')).toBe(2.5)
    expect(typed('number', 'two')).toBeNull()
    expect(typed('text', ' 龙井 ')).toBe('龙井')
    expect(typed('text', '  ')).toBeNull()
  })

  it('of the shop are shown once there are some; what is asked no more is not', () => {
    const [own, theirs, filled, gone] = [question({}), question({ editable_by_member: false }), question({ editable_by_member: false, value: 'A' }), question({ archived: true, value: 'B' })]
    expect(shown([own, theirs, filled, gone])).toEqual([own, filled])
  })
})
