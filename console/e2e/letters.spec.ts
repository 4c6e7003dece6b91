import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, open, test } from './tools/test'

const TOOL = join(import.meta.dirname, 'tools/letter.py')

/** A job that this program does not know dies at once. */
function leaveUnknownJob(name: string) {
  execFileSync('python3', [TOOL, process.env.HUIKE_DATA ?? '', name])
}

test('a dead letter stands under its cause with what to do; corrected, it is replayed', async ({ as }) => {
  leaveUnknownJob('water_the_plants')
  const page = await as('owner', '/dead-letters')
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('heading', { name: 'water_the_plants' })).toBeVisible({ timeout: 1_000 })
  }).toPass()
  const cause = page.getByRole('listitem').filter({ hasText: 'water_the_plants' })
  await expect(cause).toContainText('无法解码')
  await cause.getByRole('button', { name: '全部重放' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '全部重放' }).click()
  await expect(page.getByText('另有 1 条要先更正内容')).toBeVisible()

  await cause.getByRole('link', { name: '逐条查看' }).click()
  await page.getByRole('table').getByRole('button').first().click()
  const body = page.getByLabel('任务内容')
  await body.fill('not json')
  await page.getByRole('button', { name: '重放', exact: true }).click()
  await expect(page.getByText('不是有效的 JSON')).toBeVisible()
  await body.fill('{"job":"expire_coupons"}')
  await page.getByRole('button', { name: '重放', exact: true }).click()
  await expect(page.getByText('这里还没有内容')).toBeVisible()
  await page.getByRole('tab', { name: '已重放' }).click()
  await expect(page.getByRole('row')).toHaveCount(2)
})

test('a dead letter that nobody needs is discarded with a reason, which the audit log keeps', async ({ as }) => {
  leaveUnknownJob('paint_the_door')
  const page = await as('owner', '/dead-letters')
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('heading', { name: 'paint_the_door' })).toBeVisible({ timeout: 1_000 })
  }).toPass()
  await page.getByRole('listitem').filter({ hasText: 'paint_the_door' }).getByRole('link', { name: '逐条查看' }).click()
  await page.getByRole('table').getByRole('button').first().click()
  await page.getByRole('button', { name: '放弃', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: '放弃这条死信' })
  await expect(dialog.getByRole('button', { name: '放弃', exact: true }), 'not without a reason').toBeDisabled()
  await dialog.getByLabel('放弃的原因').fill('旧版本留下的任务')
  await dialog.getByRole('button', { name: '放弃', exact: true }).click()
  await expect(page.getByText('这里还没有内容')).toBeVisible()
  await open(page, '/audit?action=dead_letter.discard')
  await expect(page.getByRole('row', { name: /放弃了一条死信/ }).first()).toContainText('原因：旧版本留下的任务')
})
