import type { Page } from '@playwright/test'
import { Api, PASSWORD, allMessages, type PhoneMessage } from './tools/api'
import { choose, confirm, field } from './tools/form'
import { expect, open, signInByHand, test } from './tools/test'

const NAME = '冬至会员日'
const WORDS = [
  ['活动名称', '冬至会员日，热饮满20减6'],
  ['活动时间', '2026年12月22日 10:00'],
  ['活动门店', '南山店、福田店、罗湖店'],
] as const

interface Shown {
  title: string
  lines: [string, string][]
}

/** A campaign that was resumed has its whole rate after half a minute. */
const WARM_BY = 60_000

/** What the composer's phone shows. */
async function phoneOf(page: Page): Promise<Shown> {
  const card = page.getByTestId('phone-wechat')
  const [labels, values] = [await card.locator('dt').allInnerTexts(), await card.locator('dd').allInnerTexts()]
  return { title: await card.locator('h3').innerText(), lines: labels.map((label, at) => [label, values[at] ?? '']) }
}

const asShown = ({ title, lines }: PhoneMessage): Shown => ({
  title: title ?? '',
  lines: (lines ?? []).map(({ label, value }) => [label, value]),
})

test.describe.configure({ mode: 'serial' })

test.describe('a campaign from the first word to the last message', () => {
  let address = ''
  let shown: Shown
  let before = 0

  test('a marketer composes it and sees what will arrive, whom it will reach, and lets it go', async ({ as }) => {
    const page = await as('marketer', '/campaigns/new')
    await field(page, '活动名称').locator('input').first().fill(NAME)
    await page.getByRole('button', { name: '下一步' }).click()
    await page.getByRole('radio', { name: /常客/ }).check()
    await expect(page.locator('.count .figure')).toHaveText(/[1-9]/)
    await page.getByRole('button', { name: '下一步' }).click()

    await choose(page, '模板', '会员日活动通知')
    for (const [label, words] of WORDS) await page.getByRole('textbox', { name: label, exact: true }).fill(words)
    await expect(page.getByTestId('phone-wechat').locator('dd')).toHaveText(WORDS.map(([, words]) => words))
    shown = await phoneOf(page)
    expect(shown.title).toBe('会员日活动通知')
    expect(shown.lines).toEqual(WORDS.map(([label, words]) => [label, words]))
    await page.getByRole('button', { name: '下一步' }).click()

    await page.getByText('排期后立即开始').click()
    await field(page, '发送速度').locator('input').fill('1')
    await field(page, '对照组').locator('input').fill('0')
    await page.getByRole('button', { name: '下一步' }).click()

    await expect(page.getByRole('button', { name: /会收到/ })).toBeVisible()
    await page.getByRole('button', { name: /查看名单：会收到/ }).click()
    await expect(page.getByRole('dialog').getByRole('row').nth(1)).toBeVisible()
    await page.keyboard.press('Escape')
    before = (await allMessages()).length
    await page.getByRole('button', { name: '立即开始' }).click()
    await confirm(page, '立即开始', /将影响 \d+ 位会员/)
    await expect(page).not.toHaveURL(/\/edit/)
    address = new URL(page.url()).pathname.replace('/console', '').replace('/edit', '')
  })

  test('it is watched, paused and resumed, each time told how many members it touches', async ({ as }) => {
    const page = await as('marketer', address)
    await expect(page.getByText('发送中', { exact: true }).first()).toBeVisible()
    await page.getByRole('button', { name: '暂停', exact: true }).click()
    await confirm(page, '暂停', /将影响 \d+ 位会员/)
    await expect(page.getByText('已暂停', { exact: true }).first()).toBeVisible()
    await expect(page.getByText('由员工暂停')).toBeVisible()
    await page.getByRole('button', { name: '继续', exact: true }).click()
    await confirm(page, '继续', /将影响 \d+ 位会员/)
    await expect(page.getByText('发送中', { exact: true }).first()).toBeVisible()
    await expect.poll(async () => (await allMessages()).length).toBeGreaterThan(before)
  })

  test('the virtual phones received what the composer showed, to the letter', async () => {
    const arrived = (await allMessages()).slice(before).filter((one) => one.title === shown.title)
    expect(arrived.length).toBeGreaterThan(0)
    for (const message of arrived) expect(asShown(message)).toEqual(shown)
  })

  test('cancelled, it sends no more; why each member got it or not is told', async ({ as }) => {
    test.setTimeout(2 * WARM_BY)
    const page = await as('marketer', address)
    // Some members have no subscription left: one of them has had its turn.
    const marketer = await Api.staff('marketer')
    const heldBack = () => marketer.get<{ items: unknown[] }>(`/v1/console${address}/deliveries?state=suppressed`)
    await expect.poll(async () => (await heldBack()).items.length, { timeout: WARM_BY }).toBeGreaterThan(0)
    await page.getByRole('button', { name: '更多' }).click()
    await page.getByText('取消活动', { exact: true }).first().click()
    await confirm(page, '取消活动', /将影响 \d+ 位会员/)
    await expect(page.getByText('已取消', { exact: true }).first()).toBeVisible()

    await open(page, `${address}?tab=deliveries`)
    await page.getByRole('row', { name: /已送达|已发出/ }).first().getByRole('button', { name: '为什么' }).click()
    await expect(page.getByRole('dialog')).toContainText('平台已接收')
    await expect(page.getByRole('dialog')).toContainText('频控')
    await page.keyboard.press('Escape')
    await page.getByRole('row', { name: /会员没有可用的订阅授权/ }).first().getByRole('button', { name: '为什么' }).click()
    await expect(page.getByRole('dialog')).toContainText('发送时的判断')
    await expect(page.getByRole('dialog')).toContainText('剩余订阅 0 次')
    await page.keyboard.press('Escape')
    await page.getByRole('row', { name: /活动已取消/ }).first().getByRole('button', { name: '为什么' }).click()
    await expect(page.getByRole('dialog')).toContainText('活动已取消')
    await open(page, `${address}?tab=results`)
    await expect(page.getByText('从发出到消费')).toBeVisible()
  })
})

test('where the shop wants a second person, nobody lets an own campaign go, and the owner approves it', async ({ as, browser }) => {
  const owner = await Api.staff('owner')
  const settings = await owner.get('/v1/console/settings')
  await owner.put('/v1/console/settings', { ...settings, review_campaigns: true })
  const marketer = await Api.staff('marketer')
  const { items } = await marketer.get<{ items: { segment_id: string; message: unknown; channel: string }[] }>('/v1/console/campaigns')
  const { segment_id, message, channel } = items.at(-1) ?? {}
  const draft = { name: '要人复核的活动', segment_id, message, channel, topic: 'offers' }
  const { id } = await marketer.post<{ id: string }>('/v1/console/campaigns', draft)
  expect(await marketer.statusOf('POST', `/v1/console/campaigns/${id}/schedule`, {}), 'not approved').toBe(409)
  expect(await marketer.statusOf('POST', `/v1/console/campaigns/${id}/approve`, { version: 1 }), 'not by its own editor').toBe(409)

  const mine = await as('marketer', `/campaigns/${id}?tab=forecast`)
  await expect(mine.getByText('请另一位同事打开此页审核')).toBeVisible()
  await expect(mine.getByRole('button', { name: '审核通过' })).toHaveCount(0)

  const other = await browser.newContext({ locale: 'zh-CN' })
  const page = await other.newPage()
  await open(page, `/campaigns/${id}?tab=forecast`)
  await signInByHand(page, 'owner', PASSWORD)
  await page.getByRole('button', { name: '审核通过' }).click()
  await confirm(page, '审核通过')
  await expect(page.getByText(/已审核通过，版本 1 · 我/)).toBeVisible()
  await other.close()
  await owner.put('/v1/console/settings', settings)
})
