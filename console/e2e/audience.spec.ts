import { Api } from './tools/api'
import { confirm } from './tools/form'
import { expect, open, test } from './tools/test'

test('a marketer builds an audience: the count follows the conditions, the saved one can be opened again', async ({ as }) => {
  const page = await as('marketer', '/audiences')
  await page.getByRole('button', { name: '新建分群' }).click()
  await page.getByLabel('分群名称').fill('买过三单、一个月没来')
  const count = page.getByRole('complementary', { name: '人数' })
  const group = page.getByRole('group').first()

  await group.getByLabel('条件项').selectOption({ label: '累计单数' })
  await page.getByLabel('最少').first().fill('3')
  // Busy from the change of a condition until it has been counted.
  const figure = count.locator('.figure[aria-busy=false]')
  const counted = async () => Number.parseInt((await figure.innerText()).replaceAll(',', ''), 10)
  const frequent = await counted()
  expect(frequent).toBeGreaterThan(0)

  await group.getByRole('button', { name: '加一组条件' }).first().click()
  const inner = page.getByRole('group').nth(1)
  await inner.getByLabel('组合方式').selectOption({ label: '以下都不满足' })
  await inner.getByLabel('条件项').selectOption({ label: '距上次消费' })
  await inner.getByLabel('最多').fill('30')
  const lapsed = await counted()
  expect(lapsed).toBeLessThan(frequent)
  await page.getByRole('button', { name: '保存' }).click()

  await open(page, '/audiences')
  await page.getByRole('link', { name: '买过三单、一个月没来' }).click()
  await expect(page.getByLabel('分群名称')).toHaveValue('买过三单、一个月没来')
  await expect.poll(counted).toBe(lapsed)
})

test('a segment is deleted, but not while a campaign uses it: the refusal names the campaign', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const segment = await marketer.post<{ id: string }>('/v1/console/segments', { name: '买过十单的', rule: { purchase_count: { at_least: 10 } } })
  const draft = { name: '十单回馈', segment_id: segment.id, channel: 'inbox', message: { title: '谢谢您', body: '十单回馈来了。' } }
  const campaign = await marketer.post<{ id: string }>('/v1/console/campaigns', draft)

  const page = await as('marketer', `/audiences/${segment.id}`)
  await expect(page.getByText('明天起这里有变化曲线')).toBeVisible()
  await page.getByRole('button', { name: '删除', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: '删除', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText('十单回馈')
  await dialog.getByRole('button', { name: '取消' }).click()
  // One that is still closing has a button of the same name.
  await expect(dialog).toBeHidden()

  await marketer.post(`/v1/console/campaigns/${campaign.id}/cancel`)
  await page.getByRole('button', { name: '删除', exact: true }).click()
  await confirm(page, '删除')
  await expect(page).toHaveURL(/\/audiences$/)
  await expect(page.getByRole('link', { name: '买过十单的' })).toHaveCount(0)
})

test('an audience asks for the brand’s own attributes, each by its kind', async ({ as }) => {
  const owner = await Api.staff('owner')
  const made = [
    { key: 'e2e_taste', label: '口味', kind: 'choice', choices: ['清淡', '浓郁'] },
    { key: 'e2e_cups', label: '每周几杯', kind: 'number' },
    { key: 'e2e_since', label: '何时爱上茶', kind: 'date' },
    { key: 'e2e_sugar', label: '要糖', kind: 'boolean' },
    { key: 'e2e_tea', label: '最爱', kind: 'text' },
  ]
  for (const attribute of made) await owner.post('/v1/console/attributes', attribute)

  const page = await as('marketer', '/audiences')
  await page.getByRole('button', { name: '新建分群' }).click()
  await page.getByLabel('分群名称').fill('爱喝浓茶的')
  const group = page.getByRole('group').first()
  await group.getByLabel('条件项').selectOption({ label: '自定义属性' })
  const which = group.getByLabel('哪个属性')
  await which.selectOption({ label: '每周几杯' })
  await page.getByLabel('最少').fill('2')
  await expect(page.getByLabel('最多')).toBeVisible()
  await which.selectOption({ label: '何时爱上茶' })
  await expect(page.getByPlaceholder('最早日期')).toBeVisible()
  await which.selectOption({ label: '要糖' })
  await group.getByLabel('取值').selectOption({ label: '否' })
  await which.selectOption({ label: '最爱' })
  await group.getByLabel('取值').fill('龙井，普洱')
  await which.selectOption({ label: '口味' })
  await group.getByRole('button', { name: '浓郁' }).click()
  await expect(page.getByText('口味：浓郁')).toBeVisible()
  await page.getByRole('button', { name: '保存' }).click()

  await open(page, '/audiences')
  await page.getByRole('link', { name: '爱喝浓茶的' }).click()
  await expect(page.getByRole('button', { name: '浓郁' })).toHaveAttribute('aria-pressed', 'true')
  const segments = await owner.get<{ items: { name: string; rule: unknown }[] }>('/v1/console/segments?limit=200')
  const saved = segments.items.find(({ name }) => name === '爱喝浓茶的')
  expect(saved?.rule).toEqual({ all: [{ attribute: { key: 'e2e_taste', is: ['浓郁'] } }] })
})
