/**
 * One customer at the till, from the scan to the receipt. Every step is a state, so that the page shows exactly one face; a
 * request number is made once per attempt of a redemption and kept while it is repeated.
 */
import { reactive } from 'vue'
import { call, type Answer } from '@/api/call'
import { asProblem, type Problem } from '@/api/problem'
import type { components } from '@/api/schema'
import { serverNow } from '@/clock'
import { online } from '@/platform/network'
import { signal } from '@/platform/signal'
import { desk } from '../desk'
import { orderNumber, requestNumber } from '../numbers'
import { looksOffline, readOffline, refusedOffline, takesOff, type OfflineCode, type Refused } from '../offline/code'
import { enqueue, grantFor, isQueued, leftFen, type Queued } from '../offline/queue'

export type Scan = Answer<'/v1/staff/scans', 'post'>
export type Quote = Answer<'/v1/staff/quotes', 'post'>
export type Receipt = components['schemas']['RedemptionView']
export type Line = components['schemas']['BasketLineBody']
export type Why = Refused | 'offline_grant_over' | 'offline_ceiling_reached' | 'queued_already' | 'card_needs_network'

export interface Basket {
  amountFen: number
  lines: Line[]
}

export interface Choice {
  couponIds: string[]
  discountFen: number
  payableFen: number
}

export type State =
  | { at: 'ready' }
  | { at: 'reading' }
  | { at: 'member'; scan: Scan }
  | { at: 'offline'; code: OfflineCode; text: string }
  | { at: 'done'; receipt: Receipt; scan: Scan }
  | { at: 'queued'; item: Queued }
  | { at: 'refused'; problem: Problem }
  | { at: 'cut off'; why: Why }

export const serving = reactive({
  state: { at: 'ready' } as State,
  basket: { amountFen: 0, lines: [] } as Basket,
  busy: false,
})

let attempt: { requestNo: string; orderNo: string } | undefined

export function startOver(): void {
  serving.state = { at: 'ready' }
  serving.basket = { amountFen: 0, lines: [] }
  attempt = undefined
}

function refuse(cause: unknown): void {
  signal('bad')
  serving.state = { at: 'refused', problem: asProblem(cause) }
}

function cutOff(why: Why): void {
  signal('bad')
  serving.state = { at: 'cut off', why }
}

/** What a scan, a hand scanner or a keyboard brought. */
export async function takeCode(text: string): Promise<void> {
  const code = text.trim()
  if (code === '' || !desk.value) return
  attempt = undefined
  if (looksOffline(code)) return takeOffline(code, desk.value.id)
  serving.state = { at: 'reading' }
  try {
    serving.state = { at: 'member', scan: await call('post', '/v1/staff/scans', { body: { code, store_id: desk.value.id } }) }
  } catch (cause) {
    const problem = asProblem(cause)
    if (problem.status === 0 || !online.value) cutOff('card_needs_network')
    else refuse(problem)
  }
}

function takeOffline(text: string, storeId: string): void {
  const grant = grantFor(storeId)
  if (!grant) return cutOff('offline_grant_over')
  const code = readOffline(text, grant.public_key)
  if (!code) return cutOff('offline_token_invalid')
  if (isQueued(code.coupon_id)) return cutOff('queued_already')
  const why = refusedOffline(code, storeId, Infinity, serverNow())
  if (why) return cutOff(why)
  serving.state = { at: 'offline', code, text }
}

export function queueIt(code: OfflineCode, text: string): void {
  const grant = desk.value && grantFor(desk.value.id)
  const { amountFen } = serving.basket
  if (!grant || !desk.value) return cutOff('offline_grant_over')
  const why = refusedOffline(code, desk.value.id, amountFen, serverNow())
  const discountFen = takesOff(code, amountFen)
  if (why) return cutOff(why)
  if (discountFen > leftFen.value) return cutOff('offline_ceiling_reached')
  serving.state = { at: 'queued', item: enqueue({ grant, code, text, amountFen, discountFen }) }
  signal('good')
}

export const quote = (scanId: string, basket: Basket): Promise<Quote> =>
  call('post', '/v1/staff/quotes', { body: { store_id: desk.value?.id ?? '', scan_id: scanId, amount_fen: basket.amountFen, lines: basket.lines } })

export async function redeem(scan: Scan, choice: Choice): Promise<void> {
  serving.busy = true
  attempt ??= { requestNo: requestNumber(), orderNo: orderNumber() }
  try {
    const { amountFen, lines } = serving.basket
    const body = { store_id: desk.value?.id ?? '', scan_id: scan.scan_id, coupon_ids: choice.couponIds, request_no: attempt.requestNo, order_no: attempt.orderNo, amount_fen: amountFen, lines, quoted_discount_fen: choice.discountFen }
    serving.state = { at: 'done', scan, receipt: await call('post', '/v1/staff/redemptions', { body }) }
    signal('good')
  } catch (cause) {
    const problem = asProblem(cause)
    // Without an answer nobody knows whether it was done: the same number again finds out.
    if (!problem.passes) attempt = undefined
    refuseKeeping(scan, problem)
  } finally {
    serving.busy = false
  }
}

/** A network that fails leaves the customer where they were, to try the same again. */
function refuseKeeping(scan: Scan, problem: Problem): void {
  if (!problem.passes) return refuse(problem)
  signal('bad')
  serving.state = { at: 'member', scan }
  void uni.showToast({ title: problem.title, icon: 'none', duration: 3000 })
}
