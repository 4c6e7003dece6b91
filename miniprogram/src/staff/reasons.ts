/** Why a coupon can't be used, in words for the counter. The server words its refusals itself; of single coupons it gives the code. */
import type { components } from '@/api/schema'
import { moment } from '@/format/date'
import { yuan } from '@/format/money'
import { isKey, say } from '@/words'

export function reasonWords(code: string): string {
  const key = `staff.reason.${code}`
  return isKey(key) ? say(key) : say('staff.reason.other')
}

/** What the cashier may say to help, in the app's language; the server's own words are Chinese. */
export function fixWords({ kind, fen, at }: components['schemas']['FixView']): string {
  if (kind === 'spend_more') return say('staff.short', { amount: yuan(fen ?? 0) })
  return say(`staff.fix.${kind}`, { time: at ? moment(at) : '' })
}
