/**
 * What this till may do while it is cut off, and what it did. A grant is asked for while there is a network; cut off, a
 * redemption is queued under it; connected again, the queue is uploaded in its order.
 *
 * Invariants: an item is kept before it is shown as done, and leaves the queue only by the server's answer; it outlives a
 * sign-out, because money was taken off for it. Uploading twice is harmless: the request number is the item's own.
 */
import { computed, ref } from 'vue'
import { call } from '@/api/call'
import { asProblem, type Problem } from '@/api/problem'
import type { components } from '@/api/schema'
import { learnSkew, now, serverNow } from '@/clock'
import { keep, recall } from '@/platform/storage'
import { requestNumber } from '../numbers'
import type { OfflineCode } from './code'

export type Grant = components['schemas']['OfflineGrantView']
type EarlierUse = components['schemas']['EarlierUse']

export interface Queued {
  grantId: string
  storeId: string
  requestNo: string
  code: string
  couponId: string
  name: string
  amountFen: number
  discountFen: number
  redeemedAt: string
  state: 'waiting' | 'redeemed' | 'conflict'
  conflict?: string
  /** With a coupon that was used elsewhere: where, when and by whom. */
  used?: EarlierUse
}

const KEPT_GRANT = 'till.grant'
const KEPT_QUEUE = 'till.queue'
const KEPT_TILL = 'till.name'
/** A grant is renewed this long before its end, so that one does not run out early in an outage. */
const FRESH_MS = 6 * 3_600_000
const MOST_SHOWN = 50

export const grant = ref<Grant | undefined>(recall<Grant>(KEPT_GRANT))
export const queue = ref<Queued[]>(recall<Queued[]>(KEPT_QUEUE) ?? [])
export const uploading = ref(false)
export const uploadProblem = ref<Problem>()

export const waiting = computed(() => queue.value.filter((item) => item.state === 'waiting'))
export const conflicts = computed(() => queue.value.filter((item) => item.state === 'conflict'))
/** What is left to take off under the grant. */
export const leftFen = computed(() => {
  const used = queue.value.filter((item) => item.grantId === grant.value?.grant_id && item.state !== 'conflict')
  return (grant.value?.ceiling_fen ?? 0) - used.reduce((sum, item) => sum + item.discountFen, 0)
})

export const grantFor = (storeId: string, nowMs: number = serverNow()): Grant | undefined =>
  grant.value && grant.value.store_id === storeId && Date.parse(grant.value.expires_at) > nowMs ? grant.value : undefined

export function tillName(): string {
  const known = recall<string>(KEPT_TILL) ?? `T-${requestNumber().slice(0, 4).toUpperCase()}`
  keep(KEPT_TILL, known)
  return known
}

let renewing: Promise<void> = Promise.resolve()

/**
 * Asked silently, while there is a network, and one at a time: of two answers the later may be the earlier grant. One with items in the
 * queue is kept until they are uploaded.
 */
export function renewGrant(storeId: string): Promise<void> {
  renewing = renewing.catch(() => undefined).then(() => renew(storeId))
  return renewing
}

async function renew(storeId: string): Promise<void> {
  const held = grantFor(storeId)
  if (held && Date.parse(held.expires_at) - serverNow() > FRESH_MS) return
  if (held && waiting.value.length > 0) return
  const sentAt = now()
  const granted = await call('post', '/v1/staff/offline-grants', { body: { store_id: storeId, till: tillName() } })
  learnSkew(granted.server_time, sentAt, now())
  grant.value = granted
  keep(KEPT_GRANT, granted)
}

function write(items: Queued[]): void {
  const open = items.filter((item) => item.state === 'waiting')
  const settled = items.filter((item) => item.state !== 'waiting')
  queue.value = [...settled.slice(-MOST_SHOWN), ...open]
  keep(KEPT_QUEUE, queue.value)
}

export const isQueued = (couponId: string): boolean => queue.value.some((item) => item.couponId === couponId && item.state !== 'conflict')

export function enqueue(of: { grant: Grant; code: OfflineCode; text: string; amountFen: number; discountFen: number }): Queued {
  const item: Queued = {
    grantId: of.grant.grant_id,
    storeId: of.grant.store_id,
    requestNo: requestNumber(),
    code: of.text,
    couponId: of.code.coupon_id,
    name: of.code.name,
    amountFen: of.amountFen,
    discountFen: of.discountFen,
    redeemedAt: new Date(serverNow()).toISOString(),
    state: 'waiting',
  }
  write([...queue.value, item])
  return item
}

async function uploadOf(grantId: string): Promise<void> {
  const items = waiting.value.filter((item) => item.grantId === grantId)
  const redemptions = items.map((item) => ({ code: item.code, request_no: item.requestNo, amount_fen: item.amountFen, redeemed_at: item.redeemedAt }))
  const answer = await call('post', '/v1/staff/offline-redemptions', { body: { grant_id: grantId, redemptions } })
  const said = new Map(answer.redemptions.map((each) => [each.request_no, each]))
  write(
    queue.value.map((item): Queued => {
      const outcome = item.grantId === grantId ? said.get(item.requestNo) : undefined
      if (!outcome) return item
      return outcome.conflict ? { ...item, state: 'conflict', conflict: outcome.conflict, used: outcome.used ?? undefined } : { ...item, state: 'redeemed', discountFen: outcome.discount_fen }
    }),
  )
}

/** Uploads what waits. What fails stays in the queue, with the reason to show. */
export async function upload(): Promise<void> {
  if (uploading.value || waiting.value.length === 0) return
  uploading.value = true
  uploadProblem.value = undefined
  try {
    for (const grantId of new Set(waiting.value.map((item) => item.grantId))) await uploadOf(grantId)
  } catch (cause) {
    uploadProblem.value = asProblem(cause)
  } finally {
    uploading.value = false
  }
}

/** Takes a conflict off this till's list, once somebody has seen to it; the store's own list keeps it. */
export const settle = (requestNo: string): void => write(queue.value.filter((item) => item.requestNo !== requestNo || item.state === 'waiting'))
