import { Api, PASSWORD } from './tools/api'
import { choose, confirm, field } from './tools/form'
import { expect, open, signInByHand, test } from './tools/test'

const PHONE = '13800000001'
const NAME = '林晓'

async function memberId(): Promise<string> {
  const owner = await Api.staff('owner')
  const { items } = await owner.get<{ items: { id: string }[] }>(`/v1/console/members?phone=${PHONE}`)
  return items[0]?.id ?? ''
}

test('a member is found by the full phone number, which stays out of the address; a part of it finds nobody', async ({ as }) => {
  const page = await as('owner', '/members')
  const box = page.getByRole('searchbox', { name: '手机号、卡号或姓名' })
  await box.fill(PHONE)
  await box.press('Enter')
  await expect(page.getByRole('row')).toHaveCount(2)
  await expect(page.getByRole('row', { name: new RegExp(NAME) })).toContainText('138****0001')
  expect(page.url()).not.toContain('1380')
  await box.fill('13800')
  await box.press('Enter')
  await expect(page.getByText('没有符合条件的结果')).toBeVisible()
  await box.fill(NAME)
  await box.press('Enter')
  await expect(page).toHaveURL(/q=/)
  await page.getByRole('link', { name: NAME }).click()
  await expect(page.getByRole('heading', { name: NAME })).toBeVisible()
})

test('the full number is shown for a reason, and the audit log keeps it', async ({ as }) => {
  const page = await as('owner', `/members/${await memberId()}`)
  await expect(page.getByText('138****0001')).toBeVisible()
  await expect(page.getByText(PHONE)).toHaveCount(0)
  await page.getByRole('button', { name: '查看完整号码' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: '查看完整号码' }), 'not without a reason').toBeDisabled()
  await dialog.getByLabel('查看原因').fill('顾客来电核对订单')
  await dialog.getByRole('button', { name: '查看完整号码' }).click()
  await expect(page.getByText(PHONE)).toBeVisible()
  await open(page, '/audit?action=member.reveal_phone')
  await expect(page.getByRole('row').filter({ hasText: '顾客来电核对订单' }).first()).toBeVisible()
})

test('a marketer sees no way to the full number', async ({ as }) => {
  const page = await as('marketer', `/members/${await memberId()}`)
  await expect(page.getByText('138****0001')).toBeVisible()
  await expect(page.getByRole('button', { name: '查看完整号码' })).toHaveCount(0)
})

test('a small adjustment moves at once, a large one waits for a second person', async ({ as, browser }) => {
  const id = await memberId()
  const page = await as('marketer', `/members/${id}?tab=points`)
  const adjust = async (points: string, reason: string) => {
    await page.getByRole('button', { name: '调整积分' }).click()
    const dialog = page.getByRole('dialog')
    await field(dialog, '积分').locator('input').fill(points)
    await field(dialog, '原因').locator('input').fill(reason)
    if (Math.abs(Number(points)) > 1000) await expect(dialog.getByText('要由另一位同事确认')).toBeVisible()
    await dialog.getByRole('button', { name: '确认调整' }).click()
    await expect(dialog).toHaveCount(0)
  }
  await adjust('12', '活动补记')
  await expect(page.getByRole('row').filter({ hasText: '活动补记' })).toContainText('+12')
  await adjust('1500', '年会嘉宾')
  await expect(page.getByRole('row').filter({ hasText: '年会嘉宾' })).toHaveCount(0)

  await open(page, '/points?tab=adjustments')
  const mine = page.getByRole('row').filter({ hasText: '年会嘉宾' })
  await expect(mine).toContainText('等另一位同事确认')
  await expect(mine.getByRole('button', { name: '同意' })).toHaveCount(0)

  const context = await browser.newContext({ locale: 'zh-CN', baseURL: new URL(page.url()).origin })
  const other = await context.newPage()
  await open(other, '/sign-in?to=/points?tab=adjustments')
  await signInByHand(other, 'owner', PASSWORD)
  const theirs = other.getByRole('row').filter({ hasText: '年会嘉宾' })
  await expect(theirs, 'by whom, for who may see the accounts').toContainText('陆知夏')
  await theirs.getByRole('button', { name: '同意' }).click()
  await expect(other.getByRole('dialog')).toContainText('将影响 1 位会员')
  await other.getByRole('dialog').getByRole('button', { name: '同意' }).click()
  await expect(theirs).toContainText('已生效')
  await expect(theirs).toContainText(/我 .*\d+:\d+/)
  await context.close()

  await open(page, `/members/${id}?tab=points`)
  await expect(page.getByRole('row').filter({ hasText: '年会嘉宾' })).toContainText('+1,500')
})

test('a tag is put on and taken off; a tier is given by hand and kept', async ({ as }) => {
  const page = await as('marketer', `/members/${await memberId()}`)
  await page.getByLabel('加标签').selectOption({ label: '面包控' })
  const off = page.getByRole('button', { name: '取下标签「面包控」' })
  await off.click()
  await expect(off).toHaveCount(0)

  await page.getByRole('button', { name: '调整等级' }).click()
  const dialog = page.getByRole('dialog')
  await choose(dialog, '等级', '常客')
  await field(dialog, '原因').locator('input').fill('门店申请')
  await dialog.getByRole('button', { name: '调整等级' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(page.getByText('山月贵宾 → 常客')).toBeVisible()
  await expect(page.getByText('门店申请')).toBeVisible()
})

test('a disabled member can not sign in until enabled again; the timeline tells it', async ({ as }) => {
  const owner = await Api.staff('owner')
  const { items } = await owner.get<{ items: { id: string }[] }>('/v1/console/members?phone=13800000060')
  const page = await as('owner', `/members/${items[0]?.id}`)
  await page.getByRole('button', { name: '停用会员' }).click()
  await confirm(page, '停用会员', /将影响 1 位会员/)
  await expect(page.getByText('已停用', { exact: true }).first()).toBeVisible()
  await page.getByRole('button', { name: '恢复会员' }).click()
  await confirm(page, '恢复会员')
  await expect(page.getByText('正常', { exact: true })).toBeVisible()
  await page.getByRole('tab', { name: '时间线' }).click()
  const entries = page.getByRole('list', { name: '时间线' })
  await expect(entries.getByRole('listitem').filter({ hasText: '停用了会员' }).first()).toBeVisible()
})

test('a notice in the timeline leads to the notices of this member, with name, title and how it ended', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const { items: found } = await marketer.get<{ items: { id: string; name: string }[] }>('/v1/console/members?phone=13800000003')
  const { id, name } = found[0] ?? { id: '', name: '' }
  const { items: tiers } = await marketer.get<{ items: { tier: { id: string } }[] }>('/v1/console/tiers')
  await marketer.post(`/v1/console/members/${id}/tier`, { tier_id: tiers.at(-1)?.tier.id, reason: '老朋友' })
  const sent = () => marketer.get<{ items: unknown[] }>(`/v1/console/notices?member_id=${id}&state=sent`)
  await expect.poll(async () => (await sent()).items.length).toBeGreaterThan(0)

  const page = await as('marketer', `/members/${id}?tab=timeline`)
  await page.getByRole('link', { name: '通知：等级变动' }).first().click()
  await expect(page).toHaveURL(new RegExp(`/notices\\?member=${id}`))
  const row = page.getByRole('row', { name: /等级变动/ }).first()
  await expect(row).toContainText(name)
  await expect(row).toContainText('已发出')
  await page.getByLabel('状态').selectOption({ label: '失败' })
  await expect(page.getByText('没有符合条件的结果')).toBeVisible()
  await page.getByRole('button', { name: '清除筛选' }).click()
  await expect(page).toHaveURL(/\/notices$/)
  await expect(row).toBeVisible()
})

test('an owner hands out the copy of a member’s data and deletes who asks for it, each with a reason; a marketer sees neither', async ({ as }) => {
  const owner = await Api.staff('owner')
  const { items } = await owner.get<{ items: { id: string }[] }>('/v1/console/members?phone=13800000057')
  const id = items[0]?.id ?? ''
  const page = await as('owner', `/members/${id}`)
  const requests = page.getByRole('region', { name: '资料请求' })
  const dialog = page.getByRole('dialog')
  await requests.getByRole('button', { name: '导出资料副本' }).click()
  await expect(dialog.getByRole('button', { name: '导出并下载' }), 'not without a reason').toBeDisabled()
  await field(dialog, '谁提出的、怎么核对的身份').locator('input').fill('本人到店，核对手机号')
  const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: '导出并下载' }).click()])
  const copy = await file.createReadStream().then((stream) => stream.toArray())
  expect(Buffer.concat(copy as Buffer[]).toString()).toContain('13800000057')
  await expect(dialog).toHaveCount(0)

  await requests.getByRole('button', { name: '应要求注销' }).click()
  await field(dialog, '谁提出的、怎么核对的身份').locator('input').fill('本人来电注销')
  await confirm(page, '应要求注销', /将影响 1 位会员/)
  await expect(page).toHaveURL(/\/members$/)
  expect(await owner.statusOf('GET', `/v1/console/members/${id}`)).toBe(404)
  await open(page, '/audit?action=member.delete')
  await expect(page.getByRole('row').filter({ hasText: '本人来电注销' }).first()).toBeVisible()

  await as('marketer', `/members/${await memberId()}`)
  await expect(page.getByRole('region', { name: '自定义属性' })).toBeVisible()
  await expect(requests).toHaveCount(0)
})
