import { readCode, readQr } from './tools/qr'
import { ask, claim, memberSession, newPerson, staffSession } from './tools/shop'
import { cutOff, expect, test, type App } from './tools/test'

const SIMPLE = '满30减8'

async function scan({ tap, fill }: App, code: string): Promise<void> {
  await tap('type-code')
  await fill('typed-code', code)
  await tap('typed-go')
}

test('without a network the card still shows a living code, and the app says so', async ({ app, context }) => {
  const person = await newPerson('方舟')
  const phone = await app({ member: person })
  const { page, at, tap, open } = phone
  await open('pages/card/index')
  await expect(at('card-number')).toBeVisible()
  await cutOff(phone)
  await tap('show-code')
  await expect(at('code-text')).toHaveText(/^HK1\./)
  await expect(page.getByText('网络已断开').first()).toBeVisible()
  const code = await readCode(phone)

  await context.setOffline(false)
  const { access_token: staff, staff: who } = await staffSession('cashier')
  const scanned = await ask<{ scan_id: string }>('POST', '/v1/staff/scans', { code, store_id: who?.store_ids[0] ?? '' }, staff)
  expect(scanned.scan_id, 'a code that was made without a network is as good').toBeTruthy()
})

test('a till that is cut off takes a signed coupon once, shows it as waiting, and uploads it by itself', async ({ app, otherApp, context }) => {
  const person = await newPerson('苏木')
  const coupon = await claim((await memberSession(person)).access_token, SIMPLE)
  const phone = await otherApp({ member: person })
  await phone.open(`pages/coupon/index?id=${coupon.id}`)
  await phone.tap('cut-off')
  const code = await readQr(phone.at('cut-off-qr'))

  const till = await app({ staff: 'cashier' })
  await till.open('staff/till/index')
  await expect(till.at('queue')).toContainText('2,000.00')
  await cutOff(till)
  await scan(till, code)
  await till.fill('amount', '45')
  await till.tap('queue-it')
  await expect(till.at('queued')).toContainText('-¥8.00')
  await till.tap('next')
  await expect(till.at('queue')).toContainText('1 笔等待上传')

  await scan(till, code)
  await expect(till.at('refused')).toContainText('刚在本机核销过')
  await till.tap('next')
  await scan(till, `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`)
  await expect(till.at('refused'), 'a signature that is not ours').toBeVisible()
  await till.tap('next')

  await context.setOffline(false)
  await till.tap('queue')
  await expect(till.at('queued-redeemed')).toContainText('已上传，核销成功')
  await phone.page.reload()
  await expect(phone.at('cut-off')).toHaveCount(0)
})

test('what was used elsewhere meanwhile is shown as a conflict until somebody has seen to it', async ({ app, context }) => {
  const person = await newPerson('云起')
  const { access_token: token } = await memberSession(person)
  const coupon = await claim(token, SIMPLE)
  const { code } = await ask<{ code: string }>('GET', `/v1/me/coupons/${coupon.id}/offline-code`, undefined, token)
  const till = await app({ staff: 'cashier' })
  await till.open('staff/till/index')
  await expect(till.at('queue')).toContainText('断网时还可抵')
  await cutOff(till)
  await scan(till, code)
  await till.fill('amount', '45')
  await till.tap('queue-it')
  await expect(till.at('queued')).toBeVisible()
  await till.tap('next')

  const { access_token: staff, staff: who } = await staffSession('cashier')
  const store_id = who?.store_ids[0] ?? ''
  const { code: card } = await ask<{ code: string }>('GET', '/v1/me/card/code', undefined, token)
  const { scan_id } = await ask<{ scan_id: string }>('POST', '/v1/staff/scans', { code: card, store_id }, staff)
  await ask('POST', '/v1/staff/redemptions', { store_id, scan_id, coupon_id: coupon.id, request_no: `other-${coupon.id}`, amount_fen: 5000 }, staff)

  await context.setOffline(false)
  await till.tap('queue')
  await expect(till.at('queued-conflict')).toContainText('已经核销过')
  await expect(till.at('queued-conflict')).toContainText(`${who?.name ?? ''} 经手`)
  await till.page.getByText('已处理').click()
  await expect(till.at('queued-conflict')).toHaveCount(0)
})
