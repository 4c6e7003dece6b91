import { Api } from './tools/api'
import { field } from './tools/form'
import { expect, open, test } from './tools/test'

const PHONE = '13800000007'

test('a copy is found by its code as it is spelled, told from beginning to end, and voided with a reason', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const { items: found } = await marketer.get<{ items: { id: string; name: string }[] }>(`/v1/console/members?phone=${PHONE}`)
  const { id, name } = found[0] ?? { id: '', name: '' }
  const member = await Api.member(PHONE)
  const body = { name: '客服补偿券', kind: 'money_off', discount_fen: 300, validity: 'relative', valid_days: 7, stock: 5 }
  const template = await marketer.post<{ id: string }>('/v1/console/coupon-templates', body)
  await marketer.post(`/v1/console/coupon-templates/${template.id}/publish`)
  const { code } = await member.post<{ code: string }>(`/v1/coupon-templates/${template.id}/claims`)

  const page = await as('marketer', `/members/${id}?tab=coupons`)
  const row = page.getByRole('row', { name: /客服补偿券/ })
  await expect(row).toContainText('未使用')
  await expect(row).toContainText('自己领取')

  await open(page, '/coupons?tab=find')
  await page.getByLabel('券码、兑换码或口令').fill(` ${code.slice(0, 4).toLowerCase()} ${code.slice(4)}`)
  await page.getByRole('button', { name: '搜索' }).click()
  await expect(page.getByRole('heading', { name: /客服补偿券/ })).toBeVisible()
  await expect(page).toHaveURL(/code=/)
  await expect(page.getByRole('list', { name: '变动记录' }).getByRole('listitem')).toHaveCount(1)
  await page.getByRole('button', { name: '作废' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, '原因').locator('input').fill('重复补偿')
  await dialog.getByRole('button', { name: '作废' }).click()
  const moves = page.getByRole('list', { name: '变动记录' }).getByRole('listitem')
  await expect(moves).toHaveCount(2)
  await expect(moves.last()).toContainText('重复补偿')
  await expect(page.getByRole('button', { name: '作废' })).toHaveCount(0)
  await page.getByRole('link', { name }).click()
  await expect(page.getByRole('heading', { name })).toBeVisible()

  await open(page, '/coupons?tab=find&code=0000')
  await expect(page.getByText('没有这个券码')).toBeVisible()
})

test('a pack is changed until somebody has taken it; then its coupons stay', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const { items: templates } = await marketer.get<{ items: { id: string; claimable: boolean }[] }>('/v1/console/coupon-templates?state=published')
  const template_id = templates.find(({ claimable }) => claimable)?.id
  const pack = await marketer.post<{ id: string }>('/v1/console/coupon-packs', { name: '试吃包', items: [{ template_id }] })

  const page = await as('marketer', '/coupons?tab=packs')
  const edit = (name: string) => page.getByRole('row', { name: new RegExp(name) }).getByRole('button', { name: '修改' }).click()
  const dialog = page.getByRole('dialog')
  await edit('试吃包')
  await field(dialog, '名称').locator('input').fill('试吃三件套')
  await dialog.getByLabel('张数').fill('2')
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('row', { name: /试吃三件套/ })).toContainText('×2')

  await marketer.put(`/v1/console/coupon-packs/${pack.id}`, { name: '试吃三件套', limit_per_member: 1, items: [{ template_id }] })
  const member = await Api.member('13800000008')
  await member.post(`/v1/coupon-packs/${pack.id}/claims`)
  await page.reload()
  await edit('试吃三件套')
  await expect(dialog.getByText('已有会员领取 1 次')).toBeVisible()
  await expect(dialog.getByLabel('张数')).toBeDisabled()
  await field(dialog, '名称').locator('input').fill('试吃礼包')
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('row', { name: /试吃礼包/ })).toBeVisible()
})
