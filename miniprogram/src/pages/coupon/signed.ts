/** The signed codes of coupons as this phone keeps them. Written when a coupon's page is opened; forgotten with the session. */
import { call, type Answer } from '@/api/call'
import { asProblem } from '@/api/problem'
import { onEnd } from '@/api/session'
import { serverNow } from '@/clock'
import { forget, keep, recall } from '@/platform/storage'

export type Signed = Answer<'/v1/me/coupons/{id}/offline-code', 'get'>

const KEPT = 'coupon.signed'

onEnd('member', () => forget(KEPT))

const isGood = (of: Signed | undefined): of is Signed => of !== undefined && Date.parse(of.says.expires_at) > serverNow()

const all = (): Record<string, Signed> => recall<Record<string, Signed>>(KEPT) ?? {}

export function keptCode(id: string): Signed | undefined {
  const of = all()[id]
  return isGood(of) ? of : undefined
}

/** A new one; without a network the kept one, and none where the server says that this coupon has none. */
export async function renewCode(id: string): Promise<Signed | undefined> {
  const others = Object.entries(all()).filter(([other, of]) => other !== id && isGood(of))
  try {
    const signed = await call('get', '/v1/me/coupons/{id}/offline-code', { path: { id } })
    keep(KEPT, { ...Object.fromEntries(others), [id]: signed })
    return signed
  } catch (cause) {
    return asProblem(cause).passes ? keptCode(id) : undefined
  }
}
