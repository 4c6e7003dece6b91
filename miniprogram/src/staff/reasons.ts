/** Why a coupon can't be used, in words for the counter. The server words its refusals itself; of single coupons it gives the code. */
import { isKey, say } from '@/words'

export function reasonWords(code: string): string {
  const key = `staff.reason.${code}`
  return isKey(key) ? say(key) : say('staff.reason.other')
}
