import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ascii, fromBase64, makeCode, stepAt } from './code'
import { hmacSha256 } from './sha256'

const secret = Uint8Array.from({ length: 32 }, (_, index) => index)

describe('the code of a card', () => {
  // The vector of tests/it/card/code.rs.
  it('is the one that the server makes', () => {
    expect(makeCode(secret, '6000000000000007', 58888888)).toBe('HK1.6000000000000007.58888888.042442361496')
  })

  it('has the MAC that another implementation computes, for many steps and numbers', () => {
    for (let step = 59_000_000; step < 59_000_200; step += 1) {
      const text = `HK1.60000000${step}.${step}`
      const tag = createHmac('sha256', secret).update(text).digest().readBigUInt64BE()
      expect(makeCode(secret, `60000000${step}`, step)).toBe(`${text}.${String(tag % 10n ** 12n).padStart(12, '0')}`)
    }
  })

  it('changes at the step and tells how long it is shown', () => {
    expect(stepAt(59_999, 30)).toEqual({ step: 1, left: expect.closeTo(0.001) })
    expect(stepAt(60_000, 30)).toEqual({ step: 2, left: 30 })
  })
})

describe('what it is made of', () => {
  it('reads base64 as Node does', () => {
    for (const length of [0, 1, 2, 3, 31, 32, 33]) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + 200) % 256))
      expect([...fromBase64(bytes.toString('base64'))]).toEqual([...bytes])
    }
  })

  it('makes the HMAC of keys and messages of any length', () => {
    for (const [keyLength, length] of [[1, 0], [32, 55], [64, 56], [65, 64], [200, 1000]] as const) {
      const key = new Uint8Array(keyLength).fill(7)
      const message = 'x'.repeat(length)
      expect(Buffer.from(hmacSha256(key, ascii(message))).toString('hex')).toBe(createHmac('sha256', key).update(message).digest('hex'))
    }
  })
})
