import { fromBase64, makeCode, stepAt } from '../src/card/code'
import { readCode, readQr } from './tools/qr'
import type { components } from '../src/api/schema'
import { ask, claim, memberSession, newPerson, type Card, type Page, type Person } from './tools/shop'
import { expect, test, type App } from './tools/test'

const COUPON = '茶饮'

type Coupon = components['schemas']['MyCouponView']

/** Codes of the card as the phone would show them in the next half minutes; a till accepts one step either side. */
async function codesOf(person: Person): Promise<[now: string, next: string]> {
  const { access_token: token } = await memberSession(person)
  const card = await ask<Card>('GET', '/v1/me/card', undefined, token)
  const { step } = stepAt(Date.parse(card.offline.server_time), card.offline.step_seconds)
  const code = (at: number): string => makeCode(fromBase64(card.offline.secret), card.card_number, at)
  return [code(step), code(step + 1)]
}

async function scan({ tap, fill }: App, code: string): Promise<void> {
  await tap('type-code')
  await fill('typed-code', code)
  await tap('typed-go')
}

async function withCoupon(name: string, coupon = COUPON): Promise<Person> {
  const person = await newPerson(name)
  const { access_token: token } = await memberSession(person)
  await ask('PATCH', '/v1/me', { name }, token)
  await claim(token, coupon)
  return person
}

test('a cashier signs in; a wrong password is told in words', async ({ app }) => {
  const { at, tap, fill, open } = await app()
  await open('pages/me/index')
  await tap('staff-entry')
  await fill('login', 'cashier')
  await fill('password', 'not-this-one')
  await tap('staff-enter')
  await expect(at('wrong')).toHaveText('账号或密码不正确')
  await fill('password', 'shanyue-demo')
  await tap('staff-enter')
  await expect(at('store')).toContainText('南山店')
  await expect(at('queue'), 'it is ready for an outage').toContainText('2,000.00')
})

test('a link to a staff page leads there by way of the sign-in', async ({ app }) => {
  const { tap, fill, open, page } = await app()
  await open('staff/today/index')
  await fill('login', 'cashier')
  await fill('password', 'shanyue-demo')
  await tap('staff-enter')
  await expect(page).toHaveURL(/#\/staff\/today\/index$/)
})

test('the code on the phone is scanned off its screen and redeemed in three taps; a second scan of it is refused; it is undone', async ({ app, otherApp }) => {
  const person = await withCoupon('林晓雨')
  const phone = await otherApp({ member: person })
  await phone.open('pages/card/index')
  await phone.tap('show-code')
  await expect(phone.at('code-text')).toHaveText(/^HK1\./)
  const code = await readCode(phone)

  const till = await app({ staff: 'cashier' })
  await till.open('staff/till/index')
  await expect(till.at('store')).toContainText('南山店')
  await scan(till, code)
  await expect(till.at('scanned-member')).toContainText('林*')
  await expect(till.at('scanned-member')).toContainText(`${person.phone.slice(0, 3)}****`)
  await till.fill('amount', '88.50')
  await expect(till.at('redeem')).toHaveText(/核销，减 ¥/)
  await expect(till.at('payable')).not.toHaveText('¥88.50')
  await till.tap('redeem')
  await expect(till.at('redeemed')).toContainText('核销成功')

  await till.tap('record')
  await expect(till.at('recorded')).toContainText('积分')
  await till.tap('undo')
  await till.tap('undo-go')
  await expect(till.at('reversed')).toBeVisible()
  await till.tap('next')

  await scan(till, code)
  await expect(till.at('refused')).toContainText('会员码已被扫过')
  await till.tap('next')
  await till.tap('go-today')
  await expect(till.page.getByText(/已撤销/).first()).toBeVisible()

  await phone.open('pages/coupons/index')
  await expect(phone.page.locator('[data-testid^="coupon-"]:visible').filter({ hasText: COUPON }), 'the coupon came back').toHaveCount(1)
})

test('two tills, one coupon: the second is told who redeemed it, when and where', async ({ app, otherApp }) => {
  const person = await withCoupon('江南')
  const [first, second] = await codesOf(person)
  const one = await app({ staff: 'cashier' })
  const two = await otherApp({ staff: 'cashier' })
  for (const [till, code] of [[one, first], [two, second]] as const) {
    await till.open('staff/till/index')
    await expect(till.at('store')).toContainText('南山店')
    await scan(till, code)
    await till.fill('amount', '60')
    await expect(till.at('redeem')).toHaveText(/核销，减 ¥/)
  }
  await one.tap('redeem')
  await expect(one.at('redeemed')).toBeVisible()
  await two.tap('redeem')
  await expect(two.at('refused')).toBeVisible()
  const facts = two.at('used-facts')
  await expect(facts).toContainText('何小满')
  await expect(facts).toContainText('南山店')
  await expect(facts).toContainText(/今天 \d\d:\d\d/)
})

test('what can’t be used says its one reason and what would help', async ({ app }) => {
  const person = await withCoupon('岳麓', '满30减8')
  const till = await app({ staff: 'cashier' })
  await till.open('staff/till/index')
  await scan(till, (await codesOf(person))[0])
  await till.fill('amount', '18')
  await expect(till.at('unusable').filter({ hasText: '满30减8' })).toContainText('再买 12 元可用')
})

test('a purchase is recorded by the card’s number and given back by its order number; the coupon that came with it goes too', async ({ app, otherApp }) => {
  const person = await newPerson('白露')
  const { access_token: token } = await memberSession(person)
  const card = await ask<Card>('GET', '/v1/me/card', undefined, token)
  const till = await app({ staff: 'manager' })
  await till.open('staff/till/index')
  await expect(till.at('store')).toContainText('南山店')
  await till.tap('go-purchase')
  await till.fill('card-number-field', card.card_number)
  await till.fill('paid', '62')
  await till.fill('order', `A-${person.id}`)
  await till.tap('purchase-go')
  await expect(till.at('purchase-done')).toContainText('积分')
  await expect(till.page.getByText('下次来 · 满25减5'), 'a large order comes with a coupon').toBeVisible()

  await till.open('staff/refund/index')
  await till.fill('find-order', `A-${person.id}`)
  await till.tap('find')
  await expect(till.at('found')).toContainText('¥62.00')
  await expect(till.at('refund-quote'), 'what it comes to is shown before').toContainText('¥62.00')
  await expect(till.at('refund-go')).toHaveText('确认退款 ¥62.00')
  await till.tap('refund-go')
  await expect(till.at('refunded')).toContainText('¥62.00')

  const phone = await otherApp({ member: person })
  await phone.open('points/purchases/index')
  await expect(phone.at('gift')).toHaveText('随单赠券已作废：下次来 · 满25减5')
})

test('a walk-in is enrolled by phone, and what they buy goes on', async ({ app }) => {
  const till = await app({ staff: 'cashier' })
  await till.open('staff/till/index')
  await expect(till.at('store')).toContainText('南山店')
  await till.tap('go-enrol')
  await till.fill('enrol-phone', '13911112222')
  await till.fill('enrol-name', '林晓雨')
  await till.tap('enrol-agreed')
  await till.tap('enrol-go')
  await expect(till.at('enrolled')).toContainText('已登记为会员')
  await expect(till.page.getByText('林** 139****2222')).toBeVisible()
  await till.tap('enrol-purchase')
  await till.fill('paid', '28')
  await till.tap('purchase-go')
  await expect(till.at('purchase-done')).toContainText('积分')

  await till.open('staff/enrol/index')
  await till.fill('enrol-phone', '13911112222')
  await till.tap('enrol-agreed')
  await till.tap('enrol-go')
  await expect(till.at('enrolled'), 'a phone is one member').toContainText('已经是会员')
})

test('a coupon’s own code is scanned off its page and redeems that coupon alone; a second till hears who used it', async ({ app, otherApp }) => {
  const person = await withCoupon('秦桑')
  const { access_token: token } = await memberSession(person)
  const other = await claim(token, '满30减8')
  const { items } = await ask<Page<Coupon>>('GET', '/v1/me/coupons?state=usable', undefined, token)
  const shown = items.find(({ id }) => id !== other.id)
  const phone = await otherApp({ member: person })
  await phone.open(`pages/coupon/index?id=${shown?.id}`)
  await expect(phone.at('coupon-code')).toHaveText(/^\w{4} \w{4} \w{4}$/)
  const spoken = (await phone.at('coupon-code').innerText()).toLowerCase()
  expect(await readQr(phone.at('coupon-qr'))).toBe(shown?.code)

  const till = await app({ staff: 'cashier' })
  await till.open('staff/till/index')
  await expect(till.at('store')).toContainText('南山店')
  await scan(till, spoken)
  await expect(till.at('scanned-member')).toContainText('秦*')
  await expect(till.at('coupon-alone')).toBeVisible()
  await till.fill('amount', '60')
  await expect(till.at('choice')).toHaveCount(1)
  await expect(till.at('redeem')).toHaveText(/核销，减 ¥/)
  await till.tap('redeem')
  await expect(till.at('redeemed')).toContainText('核销成功')
  await till.tap('next')

  await scan(till, spoken)
  await expect(till.at('refused')).toContainText('该券已核销')
  await expect(till.at('used-facts')).toContainText('何小满')
})
