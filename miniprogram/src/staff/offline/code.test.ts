import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { looksOffline, readOffline, refusedOffline, takesOff, type OfflineCode } from './code'

const NOW = Date.parse('2026-11-27T06:30:00Z')
const code = (more: Partial<OfflineCode> = {}): OfflineCode => ({
  coupon_id: 'c', member_id: 'm', name: '满30减8', kind: 'money_off', threshold_fen: 3000, discount_fen: 800, pay_percent: null, discount_ceiling_fen: null, store_ids: [],
  valid_from: '2026-11-27T00:00:00Z', valid_until: '2026-12-27T15:59:59Z', made_at: '2026-11-27T06:00:00Z', expires_at: '2026-11-28T06:00:00Z', ...more,
})
const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

describe('a signed code', () => {
  const keys = nacl.sign.keyPair()
  const said = url(bytes(JSON.stringify(code())))
  const text = `${said}.${url(nacl.sign.detached(bytes(said), keys.secretKey))}`

  it('is read with the key of who signed it, Chinese and all', () => {
    expect(looksOffline(text)).toBe(true)
    expect(readOffline(text, url(keys.publicKey))?.name).toBe('满30减8')
  })

  it('is nothing with another key, a changed letter or a piece missing', () => {
    expect(readOffline(text, url(nacl.sign.keyPair().publicKey))).toBeUndefined()
    expect(readOffline(`A${text.slice(1)}`, url(keys.publicKey))).toBeUndefined()
    expect(readOffline(text.slice(0, -2), url(keys.publicKey))).toBeUndefined()
    expect(looksOffline('HK1.6355125584020070.59858693.671321049322')).toBe(false)
  })
})

describe('what a till that is cut off decides', () => {
  it('takes off what the server would, rounded alike', () => {
    expect(takesOff(code(), 4500)).toBe(800)
    expect(takesOff(code(), 500)).toBe(500)
    expect(takesOff(code({ kind: 'percentage', pay_percent: 85 }), 3333)).toBe(500)
    expect(takesOff(code({ kind: 'percentage', pay_percent: 80, discount_ceiling_fen: 1500 }), 20000)).toBe(1500)
    expect(takesOff(code({ kind: 'gift' }), 4500)).toBe(0)
  })

  it('has one reason against it, or none', () => {
    expect(refusedOffline(code(), 's', 3000, NOW)).toBeUndefined()
    expect(refusedOffline(code(), 's', 2999, NOW)).toBe('coupon_threshold_not_met')
    expect(refusedOffline(code({ store_ids: ['other'] }), 's', 3000, NOW)).toBe('coupon_wrong_store')
    expect(refusedOffline(code({ expires_at: '2026-11-27T06:29:59Z' }), 's', 3000, NOW)).toBe('offline_token_expired')
    expect(refusedOffline(code({ valid_from: '2026-11-28T00:00:00Z' }), 's', 3000, NOW)).toBe('coupon_not_yet_valid')
    expect(refusedOffline(code({ valid_until: '2026-11-27T06:29:59Z' }), 's', 3000, NOW + 1000)).toBe('coupon_expired')
    expect(refusedOffline(code({ valid_until: '2026-11-27T06:30:00Z' }), 's', 3000, NOW + 900), 'its last second still counts').toBeUndefined()
  })
})
