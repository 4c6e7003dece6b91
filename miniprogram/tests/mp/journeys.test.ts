// @vitest-environment happy-dom
/** The WeChat package against the running server: what a phone would send goes to `huike demo`, whose sandbox is WeChat. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BINARY, startDemo } from '../../e2e/tools/demo'
import { ask, claim, memberSession, newPerson, shop, staffSession, type Person } from '../../e2e/tools/shop'
import { built } from '../built'
import { launch, type Mini } from './mini'

const folder = built(process.env.MINI_PACKAGE ?? join(import.meta.dirname, '../../dist/build/mp-weixin'), 'npm run build:mp-weixin')
if (process.env.HUIKE_APP === undefined) built(BINARY, 'cargo build -p huike')
const TEMPLATE = 'TMPL_COUPON_EXPIRY_00000000000000000000000A'

interface Asked {
  url: string
  method?: string
  header?: Record<string, string>
  data?: string
  success?: (answer: object) => void
  fail?: (failure: object) => void
}

/** `wx.request` by way of `fetch`, to the demo whatever address the package was built with. */
function request({ url, method, header, data, success, fail }: Asked): object {
  const { pathname, search } = new URL(url)
  fetch(shop() + pathname + search, { method, headers: header, body: data })
    .then(async (answer) => success?.({ statusCode: answer.status, data: await answer.text(), header: Object.fromEntries(answer.headers) }))
    .catch((cause: unknown) => fail?.({ errMsg: `request:fail ${String(cause)}` }))
  return { abort: () => undefined }
}

describe('journeys through the WeChat package', () => {
  let stop: (() => Promise<void>) | undefined
  let person: Person
  let mini: Mini
  let scanned = ''
  /** Every call of `wx` that a person would notice, in order. */
  const calls: Array<{ name: string; of: Record<string, unknown> }> = []
  const note = (name: string) => (of: Record<string, unknown>) => void calls.push({ name, of })

  beforeAll(async () => {
    if (!process.env.HUIKE_APP) stop = await startDemo()
    person = await newPerson('沈月白')
    const code = async (kind: string): Promise<string> => (await ask<{ code: string }>('POST', `/sandbox/api/people/${person.id}/${kind}`, {})).code
    mini = launch(folder, {
      request: (of) => {
        calls.push({ name: 'request', of })
        return request(of as unknown as Asked)
      },
      login: ({ success }) => void code('login-codes').then((value) => (success as (of: object) => void)({ code: value })),
      requestSubscribeMessage: (of) => {
        calls.push({ name: 'requestSubscribeMessage', of })
        ;(of.success as (answer: object) => void)({ errMsg: 'requestSubscribeMessage:ok', [TEMPLATE]: 'accept' })
      },
      checkIsSupportSoterAuthentication: ({ success }) => (success as (of: object) => void)({ supportMode: ['fingerPrint'] }),
      startSoterAuthentication: ({ challenge, success }) =>
        void ask<object>('POST', `/sandbox/api/people/${person.id}/soter`, { challenge }).then(success as (of: object) => void),
      scanCode: ({ success }) => (success as (of: object) => void)({ result: scanned }),
      getScreenBrightness: ({ success }) => (success as (of: object) => void)({ value: 0.4 }),
      setScreenBrightness: note('setScreenBrightness'),
      ...Object.fromEntries(['navigateTo', 'redirectTo', 'switchTab', 'navigateBack', 'showModal'].map((name) => [name, note(name)])),
    })
  }, 90_000)
  afterAll(async () => await stop?.())

  it('signs in with WeChat’s login code and its phone number', async () => {
    const page = await mini.open('pages/sign-in/index')
    await page.tap('agree')
    const { code } = await ask<{ code: string }>('POST', `/sandbox/api/people/${person.id}/phone-codes`, {})
    await page.until(() => page.has('wechat-one-tap'))
    await page.emit('wechat-one-tap', 'getphonenumber', { code })
    await page.until(() => calls.some(({ name }) => name === 'switchTab' || name === 'navigateBack'))
    page.close()
    const home = await mini.open('pages/card/index')
    await home.until(() => home.has('card-number'))
    home.close()
  }, 60_000)

  it('signs in by a finger where WeChat has signed in before', async () => {
    const before = calls.length
    const page = await mini.open('pages/sign-in/index')
    await page.until(() => page.has('way-soter'))
    await page.tap('way-soter')
    await page.until(() => calls.slice(before).some(({ name }) => name === 'switchTab' || name === 'navigateBack'))
    page.close()
    const { access_token: token } = await memberSession(person)
    const { items } = await ask<{ items: Array<{ method: string; outcome: string }> }>('GET', '/v1/me/sign-ins', undefined, token)
    expect(items).toContainEqual(expect.objectContaining({ method: 'soter', outcome: 'signed_in' }))
  }, 60_000)

  it('claims a coupon; the subscription question is the first thing of the tap', async () => {
    const page = await mini.open('pages/coupons/index')
    await page.tap('tab-claimable')
    await page.until(() => page.ids('claim-').length > 0)
    await page.until(() => calls.some(({ name, of }) => name === 'request' && String(of.url).endsWith('/v1/programme')))
    const [claim = ''] = page.ids('claim-')
    calls.length = 0
    await page.tap(claim)
    expect(calls[0]?.name).toBe('requestSubscribeMessage')
    expect(calls[0]?.of.tmplIds).toContain(TEMPLATE)
    await page.until(() => !page.has(claim) || /已领/.test(page.text()))
    page.close()
  }, 60_000)

  it('asks for a subscription in a tap and nowhere else, and gives nothing for a yes', async () => {
    const { access_token: token } = await memberSession(person)
    const owned = async (): Promise<object> => {
      const { balance, items } = await ask<{ balance: number; items: object[] }>('GET', '/v1/me/points', undefined, token)
      const coupons = await ask<{ items: object[] }>('GET', '/v1/me/coupons?state=usable', undefined, token)
      return { balance, entries: items.length, coupons: coupons.items.length }
    }
    const before = await owned()
    calls.length = 0
    const page = await mini.open('messages/subscriptions/index')
    await page.until(() => page.has(`allow-${TEMPLATE}`))
    expect(calls.map(({ name }) => name)).not.toContain('requestSubscribeMessage')
    calls.length = 0
    await page.tap(`allow-${TEMPLATE}`)
    expect(calls[0]).toMatchObject({ name: 'requestSubscribeMessage', of: { tmplIds: [TEMPLATE] } })
    await page.until(() => calls.some(({ name, of }) => name === 'request' && String(of.url).endsWith('/v1/me/consents')))
    page.close()
    expect(await owned()).toEqual(before)
  }, 60_000)

  it('brightens the screen while the code is shown, and puts it back', async () => {
    calls.length = 0
    const page = await mini.open('pages/code/index')
    await page.until(() => page.has('qr'))
    const set = () => calls.filter(({ name }) => name === 'setScreenBrightness').map(({ of }) => of.value)
    expect(set()).toEqual([1])
    page.close()
    expect(set()).toEqual([1, 0.4])
  }, 60_000)

  it('leads staff by way of the sign-in to the page that was asked for, with its parameters', async () => {
    const went = (url: string) => () => calls.some(({ name, of }) => name === 'redirectTo' && of.url === url)
    const page = await mini.open('staff/purchase/index', { card: '8800000000000001' })
    await page.until(went('/staff/sign-in/index'))
    page.close()
    const door = await mini.open('staff/sign-in/index')
    await door.type('login', 'cashier')
    await door.type('password', 'shanyue-demo')
    await door.tap('staff-enter')
    await door.until(went('/staff/purchase/index?card=8800000000000001'))
    door.close()
  }, 60_000)

  it('redeems at the till: scan, amount, confirm, receipt', async () => {
    const door = await mini.open('staff/sign-in/index')
    await door.type('login', 'cashier')
    await door.type('password', 'shanyue-demo')
    await door.tap('staff-enter')
    await door.until(() => calls.some(({ name, of }) => name === 'redirectTo' && of.url === '/staff/till/index'))
    door.close()

    const { access_token: token } = await memberSession(person)
    await claim(token, '满30减8')
    scanned = (await ask<{ code: string }>('GET', '/v1/me/card/code', undefined, token)).code
    const till = await mini.open('staff/till/index')
    await till.until(() => till.text().includes('南山店'))
    await till.tap('scan')
    await till.until(() => till.has('scanned-member'))
    await till.type('amount', '60')
    await till.until(() => /核销，减 ¥/.test(till.text()))
    await till.tap('redeem')
    await till.until(() => till.has('redeemed'))

    const { access_token: staff, staff: who } = await staffSession('cashier')
    const { items } = await ask<{ items: object[] }>('GET', `/v1/staff/redemptions?store_id=${who?.store_ids[0]}`, undefined, staff)
    expect(items.length).toBeGreaterThan(0)
    till.close()
    expect(mini.problems).toEqual([])
  }, 60_000)
})
