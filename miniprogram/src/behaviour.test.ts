import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { components } from '@/api/schema'

interface Sent {
  url: string
  data?: string
  success: (answer: { statusCode: number; data: string; header: object }) => void
  fail: (failure: { errMsg: string }) => void
}

const sent: Sent[] = []
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const answer = (statusCode: number, body: object): void => sent.at(-1)?.success({ statusCode, data: JSON.stringify(body), header: {} })
const told = (one: Sent | undefined): Array<components['schemas']['EventBody']> => (JSON.parse(one?.data ?? '{}') as components['schemas']['EventBatch']).events

async function signedIn() {
  vi.resetModules()
  const { begin, end } = await import('./api/session')
  const behaviour = await import('./behaviour')
  begin('member', { access_token: 'a', refresh_token: 'r', expires_in: 900 } as never)
  return { ...behaviour, leave: () => end('member') }
}

beforeEach(() => {
  sent.length = 0
  uni.request = ((one: unknown) => void sent.push(one as Sent)) as unknown as typeof uni.request
})

describe('what a member does', () => {
  it('is neither kept nor sent without a yes', async () => {
    const { note, flush, learnConsent } = await signedIn()
    note('page_view', 'pages/card/index')
    await flush()
    learnConsent(true)
    await flush()
    expect(sent).toEqual([])
  })

  it('is told in a batch when the app is hidden, and once', async () => {
    const { note, flush, learnConsent } = await signedIn()
    learnConsent(true)
    note('page_view', 'pages/coupons/index')
    note('coupon_view', 'pages/coupon/index', { template_id: 't1' })
    note('page_view', 'staff/till/index')
    const flushed = flush()
    await settle()
    answer(200, { recorded: 2 })
    await flushed
    await flush()
    expect(sent).toHaveLength(1)
    expect(told(sent[0]).map(({ name, page, detail }) => [name, page, detail])).toEqual([
      ['page_view', 'pages/coupons/index', undefined],
      ['coupon_view', 'pages/coupon/index', { template_id: 't1' }],
    ])
  })

  it('is told by itself after every twenty', async () => {
    const { note, learnConsent } = await signedIn()
    learnConsent(true)
    for (let n = 0; n < 20; n += 1) note('page_view', 'pages/card/index')
    await settle()
    expect(told(sent[0])).toHaveLength(20)
  })

  it('goes again under the same ids after a network that failed, and not after a no', async () => {
    const { note, flush, learnConsent } = await signedIn()
    learnConsent(true)
    note('page_view', 'pages/card/index')
    const failed = flush()
    await settle()
    sent[0]?.fail({ errMsg: 'request:fail' })
    await failed
    const refused = flush()
    await settle()
    expect(told(sent[1])).toEqual(told(sent[0]))
    answer(409, { code: 'behaviour_consent_required', title: '会员没有同意记录浏览行为' })
    await refused
    note('page_view', 'pages/card/index')
    await flush()
    expect(sent).toHaveLength(2)
  })

  it('is dropped when the yes is taken back and when the session ends', async () => {
    const { note, flush, learnConsent, leave } = await signedIn()
    learnConsent(true)
    note('page_view', 'pages/card/index')
    learnConsent(false)
    learnConsent(true)
    await flush()
    note('page_view', 'pages/card/index')
    leave()
    await flush()
    expect(sent).toEqual([])
  })
})
