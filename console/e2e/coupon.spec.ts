import { Api } from './tools/api'
import { confirm, field } from './tools/form'
import { expect, open, test } from './tools/test'

const PHONE = '13800000001'
const NAME = '冬日热饮满 20 减 6'

interface Scan {
  scan_id: string
}

test('a coupon is written, published, claimed by a member, redeemed at the till, and seen', async ({ as }) => {
  const page = await as('marketer', '/coupons/new')
  await field(page, '名称').locator('input').fill(NAME)
  await field(page, '减多少').locator('input').fill('6')
  await field(page, '最低消费').locator('input').fill('20')
  await field(page, '有效天数').locator('input').fill('30')
  await field(page, '库存').locator('input').fill('20')
  await field(page, '每人限领').locator('input').fill('1')
  await expect(page.getByRole('complementary', { name: '会员看到的券' })).toContainText('满 ¥20')
  await page.getByRole('button', { name: '存为草稿' }).click()
  await expect(page.getByText('草稿', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: '发布', exact: true }).click()
  await confirm(page, '发布')
  await expect(page.getByText('已发布', { exact: true }).first()).toBeVisible()
  const template = new URL(page.url()).pathname.split('/').at(-1) ?? ''

  const member = await Api.member(PHONE)
  const coupon = await member.post<{ id: string }>(`/v1/coupon-templates/${template}/claims`)
  expect(await member.statusOf('POST', `/v1/coupon-templates/${template}/claims`, {}), 'one for each member').toBe(409)
  await page.reload()
  await expect(page.getByText('已领 1 / 20')).toBeVisible()

  const cashier = await Api.staff('cashier')
  const { items: stores } = await cashier.get<{ items: { id: string; name: string }[] }>('/v1/console/stores')
  const store = stores.find(({ name }) => name.includes('南山店'))
  const { code } = await member.get<{ code: string }>('/v1/me/card/code')
  const scan = await cashier.post<Scan>('/v1/staff/scans', { code, store_id: store?.id })
  const redemption = { store_id: store?.id, scan_id: scan.scan_id, coupon_id: coupon.id, request_no: 'e2e-1', amount_fen: 2600 }
  await cashier.post('/v1/staff/redemptions', redemption)
  await cashier.post('/v1/staff/redemptions', redemption)

  const manager = await Api.staff('manager')
  const { items } = await manager.get<{ items: { coupon: { id: string } }[] }>(`/v1/staff/redemptions?store_id=${store?.id}`)
  expect(items.filter((one) => one.coupon.id === coupon.id), 'twice the same request is one redemption').toHaveLength(1)
  await open(page, '/reports?tab=redemptions')
  const hours = page.getByRole('table', { name: '各门店各时段核销' }).getByRole('row', { name: /南山店/ })
  await expect(hours).toContainText('¥26')
  await open(page, '/reports?tab=stores&span=7')
  const line = page.getByRole('row', { name: /南山店/ })
  await expect(line.getByRole('cell').nth(7)).toHaveText('1')
  await expect(line.getByRole('cell').nth(8)).toHaveText('¥6')
})

test('a coupon comes with a large order: its steps are set, and how it went is told', async ({ as }) => {
  const page = await as('marketer', '/coupons?tab=gifts')
  const card = page.getByRole('form', { name: '满额赠券' })
  await expect(card.getByLabel('订单满')).toHaveValue('60')
  await card.getByRole('button', { name: '加一档' }).click()
  await card.getByLabel('订单满').nth(1).fill('60')
  await card.getByLabel('送哪张券').nth(1).selectOption({ label: '满30减8' })
  await expect(card.getByRole('button', { name: '保存' }), 'two steps of one amount').toBeDisabled()
  await card.getByLabel('订单满').nth(1).fill('150')
  await card.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('已保存').first()).toBeVisible()

  const member = await Api.member('13800000005')
  const { card_number } = await member.get<{ card_number: string }>('/v1/me/card')
  const cashier = await Api.staff('cashier')
  const { items: stores } = await cashier.get<{ items: { id: string; name: string }[] }>('/v1/console/stores')
  const store_id = stores.find(({ name }) => name.includes('南山店'))?.id
  const order = { store_id, card_number, order_no: 'e2e-gift', total_fen: 15000 }
  const { gift } = await cashier.post<{ gift: { name: string } }>('/v1/staff/purchases', order)
  expect(gift.name).toBe('满30减8')

  await page.reload()
  await expect(card).toContainText(/已送出\s*\d+ 单/)
  await expect(page.getByRole('form', { name: '新会员礼' })).toContainText('还没有送出')
})

test('a template says when it is gone at its pace, and what became of each batch of codes', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const form = { name: '会刊兑换券', kind: 'money_off', discount_fen: 500, validity: 'relative', valid_days: 30, stock: 70 }
  const { id } = await marketer.post<{ id: string }>('/v1/console/coupon-templates', form)
  await marketer.post(`/v1/console/coupon-templates/${id}/publish`)
  const { codes } = await marketer.post<{ codes: string[] }>(`/v1/console/coupon-templates/${id}/codes`, { batch: '十二月会刊', count: 3 })
  const member = await Api.member('13800000006')
  await member.post('/v1/me/coupon-codes', { code: codes[0] })

  const page = await as('marketer', `/coupons/${id}`)
  const pace = page.getByRole('region', { name: '领取与核销' })
  await expect(pace).toContainText('按近 1 天的速度（每天 1 张），还剩 69 张')
  await pace.getByRole('button', { name: '表格' }).click()
  await expect(pace.getByRole('row').last()).toContainText('1')

  const batches = page.getByRole('table', { name: '券码批次' })
  const line = batches.getByRole('row', { name: /十二月会刊/ })
  await expect(line.getByRole('cell')).toContainText(['十二月会刊', '3', '1', '0'])
  const download = page.waitForEvent('download')
  await line.getByRole('button', { name: '下载' }).click()
  expect((await download).suggestedFilename()).toContain('十二月会刊')
})
