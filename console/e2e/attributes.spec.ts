import { Api } from './tools/api'
import { confirm, field } from './tools/form'
import { expect, open, test } from './tools/test'

test('an attribute is defined, filled in for a member, asked for by an audience, and archived', async ({ as }) => {
  const page = await as('marketer', '/attributes')
  await page.getByRole('button', { name: '新建属性' }).first().click()
  const dialog = page.getByRole('dialog')
  await field(dialog, '名称').locator('input').fill('杯量（升）')
  await dialog.getByText('数字', { exact: true }).click()
  await field(dialog, '编号').locator('input').fill('e2e_litres')
  await dialog.getByRole('button', { name: '保存' }).click()
  const row = page.getByRole('row', { name: /杯量（升）/ })
  await expect(row).toContainText('会员与员工')

  const marketer = await Api.staff('marketer')
  const { items } = await marketer.get<{ items: { id: string }[] }>('/v1/console/members?phone=13800000009')
  await open(page, `/members/${items[0]?.id}`)
  const attributes = page.getByRole('region', { name: '自定义属性' })
  await attributes.getByRole('button', { name: '填写' }).click()
  await field(dialog, '杯量（升）').locator('input').fill('1.37505')
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(attributes, 'four decimals and no more').toContainText('1.375')

  await open(page, '/audiences/new')
  await page.getByLabel('分群名称').fill('一天一升以上')
  const group = page.getByRole('group').first()
  await group.getByLabel('条件项').selectOption({ label: '自定义属性' })
  await group.getByLabel('哪个属性').selectOption({ label: '杯量（升）' })
  await page.getByLabel('最少').fill('1.3751')
  const figure = page.getByRole('complementary', { name: '人数' }).locator('.figure[aria-busy=false]')
  await expect(figure).toHaveText(/^0/)
  await page.getByLabel('最少').fill('1.375')
  await expect(figure).toHaveText(/^1/)
  await page.getByRole('button', { name: '保存' }).click()

  await open(page, '/attributes')
  await expect(row).toContainText('一天一升以上')
  await row.getByRole('button', { name: '停用' }).click()
  await expect(page.getByRole('dialog')).toContainText('一天一升以上')
  await confirm(page, '停用', /将影响 1 位会员/)
  await expect(row).toContainText('已停用')
  await row.getByRole('button', { name: '恢复使用' }).click()
  await expect(row).toContainText('使用中')
})

test('a store manager reads attributes and changes none', async ({ as }) => {
  const page = await as('manager', '/attributes')
  await expect(page.getByRole('heading', { name: '自定义属性' })).toBeVisible()
  await expect(page.getByRole('button', { name: '新建属性' })).toHaveCount(0)
})
