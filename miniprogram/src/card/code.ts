/**
 * The code that the phone shows, made on the phone itself: `HK1.<card_number>.<step>.<mac>`. `step` is the server's Unix time in
 * seconds over `step_seconds`; `mac` is HMAC-SHA-256 of the rest under the card's secret, its first 8 bytes as a big-endian
 * number modulo 10^12, in 12 digits. A till accepts one step either side.
 */
import { hmacSha256 } from './sha256'

export const SHAPE = 'HK1'
const MAC_DIGITS = 12

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export function fromBase64(text: string): Uint8Array {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text.replace(/=+$/, '')) {
    held = ((held << 6) | ALPHABET.indexOf(letter)) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  return Uint8Array.from(bytes)
}

/** Eight bytes are more than a number holds exactly, so the remainder is carried from byte to byte. */
function lastDigits(bytes: Uint8Array): string {
  const range = 10 ** MAC_DIGITS
  const rest = bytes.reduce((sum, byte) => (sum * 256 + byte) % range, 0)
  return String(rest).padStart(MAC_DIGITS, '0')
}

export function makeCode(secret: Uint8Array, cardNumber: string, step: number): string {
  const text = `${SHAPE}.${cardNumber}.${step}`
  return `${text}.${lastDigits(hmacSha256(secret, ascii(text)).slice(0, 8))}`
}

export interface Step {
  step: number
  /** Seconds until the next one. */
  left: number
}

export function stepAt(nowMs: number, stepSeconds: number): Step {
  const seconds = nowMs / 1000
  const step = Math.floor(seconds / stepSeconds)
  return { step, left: (step + 1) * stepSeconds - seconds }
}
