import AxeBuilder from '@axe-core/playwright'
import { Api } from './tools/api'
import { choose, field } from './tools/form'
import { expect, open, test } from './tools/test'

test('the planner tells who would move and warns where the highest tier is too large; nothing is saved by it', async ({ as }) => {
  const page = await as('owner', '/tiers')
  const plan = page.getByRole('complementary', { name: '如果这样设置' })
  await expect(plan).toContainText('最高等级的会员超过 10%')
  await expect(plan.getByRole('button', { name: '保存阶梯' })).toBeDisabled()
  const top = page.getByRole('region', { name: '山月贵宾' })
  await field(top, '消费满').locator('input').fill('1500')
  await expect(plan).toContainText('位会降级')
  await expect(plan.getByRole('listitem').filter({ hasText: '山月贵宾 → 常客' })).toBeVisible()
  await expect(plan).not.toContainText('最高等级的会员超过')
  await field(top, '消费满').locator('input').fill('200')
  await expect(top).toContainText('门槛要高于下一级')
  await expect(plan.getByRole('button', { name: '保存阶梯' })).toBeDisabled()
  await plan.getByRole('button', { name: '撤回' }).click()
  await expect(field(top, '消费满').locator('input')).toHaveValue('800')
})

test('a changed ladder says how many members it touches before it is saved', async ({ as }) => {
  const page = await as('owner', '/tiers')
  const top = page.getByRole('region', { name: '山月贵宾' })
  await field(top, '消费满').locator('input').fill('1000')
  const plan = page.getByRole('complementary', { name: '如果这样设置' })
  await plan.getByRole('button', { name: '保存阶梯' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText(/将影响 \d+ 位会员|不影响任何会员/)
  await dialog.getByRole('button', { name: '保存阶梯' }).click()
  await expect(dialog).toHaveCount(0)
  const owner = await Api.staff('owner')
  const { items } = await owner.get<{ items: { tier: { name: string; spend_fen: number } }[] }>('/v1/console/tiers')
  expect(items.at(-1)?.tier.spend_fen).toBe(100_000)
})

test('points for sharing are not turned on before the warning is read', async ({ as }) => {
  const page = await as('owner', '/points?tab=rules')
  await page.getByText('分享得积分').click()
  await expect(page.getByText('微信禁止以积分')).toBeVisible()
  await expect(page.getByRole('button', { name: '保存' })).toBeDisabled()
  await page.getByText('分享得积分').click()
  await field(page, '到期前提醒').locator('input').fill('10')
  await page.getByRole('button', { name: '保存' }).click()
  await expect(page.getByText('已保存')).toBeVisible()
  await page.reload()
  await expect(field(page, '到期前提醒').locator('input')).toHaveValue('10')
})

test('the liability has its curve with a table behind it; the nightly check adds up', async ({ as }) => {
  const page = await as('owner', '/points')
  await expect(page.getByRole('img', { name: '到期曲线' })).toBeVisible()
  await page.getByRole('button', { name: '表格' }).click()
  await expect(page.getByRole('table', { name: '到期曲线' }).getByRole('row').nth(1)).toContainText('-12-31')
  await page.getByRole('tab', { name: '每晚核对' }).click()
  await expect(page.getByText('全部相符').first()).toBeVisible()
})

test('a gift goes into the mall, a member exchanges points for it, the exchange is taken back with a reason', async ({ as }) => {
  const page = await as('marketer', '/mall')
  await page.getByRole('button', { name: '新建商品' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, '名称').locator('input').fill('山月茶巾')
  await field(dialog, '兑换价').locator('input').fill('20')
  await field(dialog, '库存').locator('input').fill('5')
  await dialog.getByRole('radio', { name: '已发布' }).check()
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('row', { name: /山月茶巾/ })).toContainText('已领 0 / 5')

  const member = await Api.member('13800000002')
  const { items } = await member.get<{ items: { id: string; name: string }[] }>('/v1/mall-items')
  await member.post(`/v1/mall-items/${items.find(({ name }) => name === '山月茶巾')?.id}/exchanges`, { request_no: 'e2e-towel' })
  await open(page, '/mall?tab=exchanges&state=waiting')
  const row = page.getByRole('row').filter({ hasText: '山月茶巾' })
  await expect(row).toContainText('20 分')
  await row.getByRole('button', { name: '取消兑换' }).click()
  await page.getByRole('dialog').getByLabel('原因').fill('会员改主意')
  await page.getByRole('dialog').getByRole('button', { name: '取消兑换' }).click()
  await expect(row).toHaveCount(0)
})

test('a stamp card and a survey are made in a few fields', async ({ as }) => {
  const page = await as('marketer', '/stamp-cards')
  await page.getByRole('button', { name: '新建集章卡' }).click()
  const dialog = page.getByRole('dialog')
  await field(dialog, '名称').locator('input').fill('集八章换可颂')
  await field(dialog, '集满').locator('input').fill('8')
  await choose(dialog, '集满送', '集章礼')
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('row', { name: /集八章换可颂/ })).toContainText('8 章')

  await open(page, '/surveys')
  await page.getByRole('button', { name: '新建问卷' }).first().click()
  await field(dialog, '名称').locator('input').fill('口味小调查')
  await dialog.getByLabel('问题').fill('您最常喝哪一款？')
  await expect(dialog.getByRole('button', { name: '保存' }), 'a choice needs choices').toBeDisabled()
  await dialog.getByLabel('选项').fill('桂花乌龙，茉莉白毫')
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page.getByRole('row', { name: /口味小调查/ })).toBeVisible()
})

test('what opens over these pages is found by axe as clean as they are', async ({ as }) => {
  test.slow()
  const page = await as('owner', '/coupons/new')
  const opened: [string, () => Promise<void>][] = [
    ['/coupons/new', async () => page.getByRole('button', { name: '加一个时段' }).click()],
    ['/audiences/new', async () => page.getByRole('button', { name: '加一组条件' }).first().click()],
    ['/tiers', async () => page.getByRole('button', { name: '等级待遇' }).first().click()],
    ['/points?tab=rules', async () => page.getByRole('button', { name: '修改条件' }).first().click()],
    ['/points?tab=adjustments', async () => undefined],
    ['/mall?tab=windows', async () => page.getByRole('button', { name: '加一段时间' }).click()],
    ['/stamp-cards', async () => page.getByRole('button', { name: '新建集章卡' }).first().click()],
  ]
  for (const [path, act] of opened) {
    await open(page, path)
    await expect(page.locator('main h1').first()).toBeVisible()
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
    await act()
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
    expect.soft(serious, path).toEqual([])
  }
})
