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
