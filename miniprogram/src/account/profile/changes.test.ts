import { describe, expect, it } from 'vitest'
import { changes, formOf, type Me } from './changes'

const me = { id: 'm', card_number: '6000000000000007', name: '林晓', gender: 'female', birthday: '1992-03-23', home_store_id: 's', marketing_consent: true, purchase_count: 0, purchase_total_fen: 0, created_at: '2026-01-01T00:00:00Z' } as Me

describe('a correction of the profile', () => {
  it('sends nothing where nothing changed', () => expect(changes(me, formOf(me))).toEqual({}))
  it('sends what changed, and null for what was cleared', () => {
    expect(changes(me, { ...formOf(me), name: ' 林小晓 ', birthday: null })).toEqual({ name: '林小晓', birthday: null })
    expect(changes(me, { ...formOf(me), name: '  ' })).toEqual({ name: null })
  })
})
