/**
 * What the member does in the app: pages and coupons that they look at. Told in batches, and only while they have agreed to it;
 * whether they have is known from the server alone.
 *
 * Invariants: without a yes nothing is queued and nothing is sent; a no, or the end of the session, drops what waits; what waits is
 * never kept on the phone. A batch that failed goes again under the same ids, which the server counts once.
 */
import { call } from '@/api/call'
import { asProblem } from '@/api/problem'
import type { components } from '@/api/schema'
import { isMember, onEnd } from '@/api/session'
import { uuid } from '@/api/uuid'
import { serverNow } from '@/clock'
import { forget, keep, recall } from '@/platform/storage'

type Event = components['schemas']['EventBody']

const KEPT = 'behaviour'
const BATCH = 20
/** Of a phone that has no network for long the oldest are let go; the server takes no more in one request. */
const MOST = 100
/** The till and the sign-in of staff are no member's doing. */
const NOT_THEIRS = /^staff\//

let agreed = recall<boolean>(KEPT) ?? false
let waiting: Event[] = []
let sending = false

export function learnConsent(yes: boolean): void {
  agreed = yes
  if (yes) return keep(KEPT, true)
  waiting = []
  forget(KEPT)
}
onEnd('member', () => learnConsent(false))

export function note(name: 'page_view' | 'coupon_view', page: string, detail?: Record<string, string>): void {
  if (!agreed || !isMember.value || page === '' || NOT_THEIRS.test(page)) return
  waiting.push({ id: uuid(), name, page, at: new Date(serverNow()).toISOString(), detail: detail as Event['detail'] })
  waiting = waiting.slice(-MOST)
  if (waiting.length % BATCH === 0) void flush()
}

export async function flush(): Promise<void> {
  if (sending || waiting.length === 0) return
  const batch = waiting
  sending = true
  try {
    await call('post', '/v1/me/events', { body: { events: batch } })
    drop(batch)
  } catch (cause) {
    const problem = asProblem(cause)
    if (problem.code === 'behaviour_consent_required') learnConsent(false)
    else if (!problem.passes) drop(batch)
  } finally {
    sending = false
  }
}

const drop = (batch: Event[]): void => void (waiting = waiting.filter((event) => !batch.includes(event)))
