/**
 * The phone's time, and how far the server's is from it. Card codes are made by the server's time; a phone whose clock is wrong
 * shows good ones all the same.
 */
import { keep, recall } from '@/platform/storage'

const KEPT = 'clock.skew'

let skewMs = recall<number>(KEPT) ?? 0

export const now = (): number => Date.now()

export const serverNow = (): number => Date.now() + skewMs

/** `sentAt` and `heardAt` are the phone's times around the call that brought `serverTime`. */
export function learnSkew(serverTime: string, sentAt: number, heardAt: number): void {
  const server = Date.parse(serverTime)
  if (Number.isNaN(server)) return
  skewMs = Math.round(server - (sentAt + heardAt) / 2)
  keep(KEPT, skewMs)
}
