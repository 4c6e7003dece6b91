import { expect, open, test } from './tools/test'

test('a marketer sees what buyers are worth, computes a day and makes a segment of a class', async ({ as }) => {
  const page = await as('marketer', '/analyses')
  const classes = page.getByRole('table', { name: '价值分类' })
  await expect(classes.getByRole('row', { name: /一次性购买/ })).toBeVisible()
  await expect(page.getByText('会员页和分群用的就是这次结果')).toBeVisible()

  await page.getByRole('button', { name: '计算一天' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('统计窗口').fill('3')
  await dialog.getByRole('button', { name: '开始' }).click()
  await expect(page.getByText('会员页和分群用的不是这次结果')).toBeVisible()
  await expect(classes.getByRole('link')).toHaveCount(0)

  await open(page, '/analyses')
  const members = await classes.getByRole('row', { name: /重要价值/ }).getByRole('cell').nth(2).innerText()
  await page.getByRole('link', { name: '把「重要价值」存为分群' }).click()
  await expect(page.getByLabel('分群名称')).toHaveValue('重要价值')
  const count = page.getByRole('complementary', { name: '人数' })
  await expect(count.locator('.figure[aria-busy=false]')).toHaveText(`${members}人`)
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('link', { name: '重要价值' })).toBeVisible()
})

test('goods that go together are found, filtered and made a segment; what is left out is kept', async ({ as }) => {
  const page = await as('owner', '/analyses?tab=together')
  const rules = page.getByRole('table', { name: '搭配规则' })
  await expect(rules).toBeVisible()

  await page.getByRole('button', { name: '不参与的商品' }).click()
  await page.getByRole('dialog').getByLabel('商品', { exact: true }).fill('BAG，购物袋')
  await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.getByRole('button', { name: '找搭配' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('统计窗口').fill('365')
  await dialog.getByLabel('最少购物篮').fill('2')
  await dialog.getByLabel('最低置信度').fill('1')
  await dialog.getByRole('button', { name: '开始' }).click()
  await expect(page.getByText('未计：BAG、购物袋')).toBeVisible()

  await page.getByLabel('提升度', { exact: true }).selectOption({ label: '不限提升度' })
  await page.getByRole('searchbox', { name: '按商品筛选' }).fill('没有这样的商品')
  await expect(page.getByText('没有符合筛选的搭配')).toBeVisible()
  await page.getByRole('searchbox', { name: '按商品筛选' }).fill('')
  await rules.getByRole('link').first().click()
  await expect(page.getByLabel('分群名称')).toHaveValue(/^买了.+没买/)
})

test('a store manager has no analyses', async ({ as }) => {
  const page = await as('manager', '/analyses')
  await expect(page.getByRole('link', { name: '分析' })).toHaveCount(0)
  await expect(page.getByRole('table')).toHaveCount(0)
})
