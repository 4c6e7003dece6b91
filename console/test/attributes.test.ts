import { describe, expect, it } from 'vitest'
import { attributeDraft, changeOf, faultOf, isReady, newAttribute, type Attribute } from '@/pages/attributes/attribute'
import { changesOf, valuesOf, valueWords, type Valued } from '@/pages/members/attributes'

const attribute = (part: Partial<Attribute>): Attribute => ({
  id: 'a',
  key: 'taste',
  label: '口味',
  kind: 'choice',
  choices: ['清淡', '浓郁'],
  editable_by_member: true,
  archived: false,
  members: 0,
  segments: [],
  ...part,
})
const valued = (part: Partial<Valued>): Valued => ({ ...attribute({}), value: null, ...part })

describe('an attribute that is defined', () => {
  it('is offered a key that is free', () => {
    expect(attributeDraft(null, []).key).toBe('attribute_1')
    expect(attributeDraft(null, ['taste', 'attribute_3']).key).toBe('attribute_4')
  })

  it('waits for a name, and for choices where it is one of some', () => {
    const draft = { ...attributeDraft(null), label: ' 口味 ' }
    expect(isReady({ ...draft, label: ' ' }, null)).toBe(false)
    expect(isReady(draft, null)).toBe(true)
    expect(isReady({ ...draft, kind: 'choice' }, null)).toBe(false)
    expect(newAttribute({ ...draft, kind: 'choice', choices: ['清淡', ''] })).toMatchObject({ label: '口味', choices: ['清淡'] })
    expect(newAttribute({ ...draft, choices: ['清淡'] }).choices).toEqual([])
  })

  it('says what is wrong with key and choices', () => {
    const draft = { ...attributeDraft(null), label: '口味', kind: 'choice' as const, choices: ['清淡'] }
    expect(faultOf({ ...draft, key: '口味' }, null)).toBe('key')
    expect(faultOf({ ...draft, choices: ['清淡', '清淡'] }, null)).toBe('twice')
    expect(faultOf({ ...draft, choices: ['长'.repeat(41)] }, null)).toBe('tooLong')
    expect(faultOf({ ...draft, choices: Array.from({ length: 51 }, String) }, null)).toBe('tooMany')
    expect(faultOf({ ...draft, choices: ['浓郁'] }, attribute({}))).toBe('twice')
  })

  it('is changed by adding to its choices alone', () => {
    const draft = attributeDraft(attribute({}))
    expect(changeOf({ ...draft, label: '偏好' }, attribute({}))).toEqual({ label: '偏好', editable_by_member: true })
    expect(changeOf({ ...draft, choices: ['果香'] }, attribute({})).choices).toEqual(['清淡', '浓郁', '果香'])
  })
})

describe('a member’s values', () => {
  it('are told by their kind', () => {
    expect(valueWords(valued({ kind: 'number', value: 1234.5678 }))).toBe('1,234.5678')
    expect(valueWords(valued({ kind: 'boolean', value: false }))).toBe('否')
    expect(valueWords(valued({ kind: 'choice', value: '浓郁' }))).toBe('浓郁')
    expect(valueWords(valued({}))).toBe('')
  })

  it('are sent where they changed, and cleared by null', () => {
    const had = [valued({ key: 'taste', value: '浓郁' }), valued({ key: 'cups', kind: 'number', value: 2.5 })]
    const now = valuesOf(had)
    expect(changesOf(had, now)).toEqual({})
    expect(changesOf(had, { ...now, taste: null })).toEqual({ taste: null })
    expect(changesOf(had, { ...now, cups: 0 })).toEqual({ cups: 0 })
  })
})
