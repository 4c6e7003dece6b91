/** Numbers that a till gives by itself: a request's, which is repeated with the same one, and an order's where the shop has none. */
import { serverNow } from '@/clock'
import { uuid } from '@/api/uuid'

const two = (n: number): string => String(n).padStart(2, '0')
const SHOP_OFFSET_MS = 8 * 3_600_000

export const requestNumber = (): string => uuid()

/** `261127-142233-07`: readable on a receipt, and not given twice in a store within one second but once in a hundred. */
export function orderNumber(ms: number = serverNow(), chance: number = Math.random()): string {
  const at = new Date(ms + SHOP_OFFSET_MS)
  const day = `${two(at.getUTCFullYear() % 100)}${two(at.getUTCMonth() + 1)}${two(at.getUTCDate())}`
  const time = `${two(at.getUTCHours())}${two(at.getUTCMinutes())}${two(at.getUTCSeconds())}`
  return `${day}-${time}-${two(Math.floor(chance * 100))}`
}
