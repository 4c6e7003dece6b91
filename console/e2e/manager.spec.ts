import { Api } from './tools/api'
import { expect, open, test } from './tools/test'

test('a store manager sees the own store and none of the others', async ({ as }) => {
  const page = await as('manager', '/stores')
  await expect(page.getByRole('row', { name: /南山店/ })).toBeVisible()
  await expect(page.getByRole('row', { name: /福田店|罗湖店/ })).toHaveCount(0)
  await expect(page.getByRole('button', { name: '新建门店' })).toHaveCount(0)

  await open(page, '/staff')
  await expect(page.getByRole('row', { name: /何小满/ })).toBeVisible()
  await expect(page.getByRole('button', { name: '新建账号' })).toHaveCount(0)

  await open(page, '/reports?tab=stores')
  await expect(page.getByText('只统计您负责的门店。')).toBeVisible()
  await expect(page.getByRole('row', { name: /南山店/ })).toBeVisible()
  await expect(page.getByRole('row', { name: /福田店|罗湖店/ })).toHaveCount(0)

  await open(page, '/campaigns')
  await expect(page.getByRole('heading', { name: '活动' })).toBeVisible()
  await expect(page.getByRole('button', { name: '新建活动' })).toHaveCount(0)
  await open(page, '/settings')
  await expect(page.getByText('您的角色没有这项权限')).toBeVisible()
})

test('what the page does not show a manager, the API does not give either', async () => {
  const manager = await Api.staff('manager')
  const owner = await Api.staff('owner')
  const { items: stores } = await owner.get<{ items: { id: string; name: string }[] }>('/v1/console/stores')
  const other = stores.find(({ name }) => name.includes('福田店'))
  expect(await manager.statusOf('GET', `/v1/staff/redemptions?store_id=${other?.id}`)).toBeGreaterThanOrEqual(403)
  expect(await manager.statusOf('PATCH', `/v1/console/stores/${other?.id}`, { name: '我的店' })).toBe(403)
  expect(await manager.statusOf('POST', '/v1/console/staff', { login: 'me2', name: '我', role: 'owner' })).toBe(403)
  const report = await manager.get<{ stores: { store_id: string }[] }>('/v1/console/reports/stores')
  expect(report.stores.map((line) => line.store_id)).not.toContain(other?.id)
})
