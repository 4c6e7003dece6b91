/**
 * The code of a coupon for tills that are cut off: `base64url(JSON) "." base64url(Ed25519 signature of the first part)`. A till
 * checks it with the public key of its grant, and decides by the same rules as the server will when the queue is uploaded.
 */
import nacl from 'tweetnacl'
import { ascii, fromBase64 } from '@/card/code'
import type { components } from '@/api/schema'

export type OfflineCode = components['schemas']['OfflineCode']
export type Refused = 'offline_token_invalid' | 'offline_token_expired' | 'coupon_expired' | 'coupon_not_yet_valid' | 'coupon_wrong_store' | 'coupon_threshold_not_met'

/** Phones and tills differ a little in their time. */
const AHEAD_MS = 10 * 60_000

const fromUrl = (text: string): Uint8Array => fromBase64(text.replace(/-/g, '+').replace(/_/g, '/'))

/** Whether it looks like one, signed or not. */
export const looksOffline = (text: string): boolean => /^[\w-]{100,}\.[\w-]{86}$/.test(text)

function utf8(bytes: Uint8Array): string {
  const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  return decodeURIComponent(escaped)
}

/** What the code says; undefined unless it was signed by whom the key belongs to. */
export function readOffline(text: string, publicKey: string): OfflineCode | undefined {
  const [said = '', signature = ''] = text.split('.')
  try {
    if (!nacl.sign.detached.verify(ascii(said), fromUrl(signature), fromUrl(publicKey))) return undefined
    return JSON.parse(utf8(fromUrl(said))) as OfflineCode
  } catch {
    return undefined
  }
}

/** What it takes off an order, rounded as the server rounds. */
export function takesOff(code: OfflineCode, amountFen: number): number {
  const wanted = code.kind === 'money_off' ? (code.discount_fen ?? 0) : code.kind === 'percentage' ? amountFen - Math.floor((amountFen * (code.pay_percent ?? 100) + 50) / 100) : 0
  return Math.max(0, Math.min(wanted, code.discount_ceiling_fen ?? Infinity, amountFen))
}

/** The one reason for which it is not good here and now. */
export function refusedOffline(code: OfflineCode, storeId: string, amountFen: number, nowMs: number): Refused | undefined {
  if (nowMs > Date.parse(code.expires_at) || nowMs < Date.parse(code.made_at) - AHEAD_MS) return 'offline_token_expired'
  if (nowMs < Date.parse(code.valid_from)) return 'coupon_not_yet_valid'
  if (nowMs > Date.parse(code.valid_until) + 999) return 'coupon_expired'
  if (code.store_ids.length > 0 && !code.store_ids.includes(storeId)) return 'coupon_wrong_store'
  return amountFen < code.threshold_fen ? 'coupon_threshold_not_met' : undefined
}
