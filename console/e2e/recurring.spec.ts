import { Api } from './tools/api'
import { expect, test } from './tools/test'

/** A run begins within the next minute or two, and the times of a recurrence are whole minutes. */
const PATIENCE = 150_000
const AHEAD = 70_000

/** `HH:MM` in the shop's zone. */
function soon(): string {
  const shown = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' })
  return shown.format(new Date(Date.now() + AHEAD))
}

interface Campaigns {
  items: { id: string; state: string; occurrence: string | null }[]
}

test('a recurring campaign lists its runs, each of which can be opened', async ({ as }) => {
  test.setTimeout(PATIENCE + 60_000)
  const marketer = await Api.staff('marketer')
  const segment = await marketer.post<{ id: string }>('/v1/console/segments', { name: '每日一讯的读者', rule: { purchase_count: { at_least: 1 } } })
  const { id } = await marketer.post<{ id: string }>('/v1/console/campaigns', {
    name: '每日一讯',
    segment_id: segment.id,
    channel: 'inbox',
    message: { title: '今日茶点', body: '今天的茶点出炉了。' },
    recurrence: { every: 'day', at: soon() },
  })
  await marketer.post(`/v1/console/campaigns/${id}/schedule`)
  const page = await as('marketer', `/campaigns/${id}?tab=runs`)
  await expect(page.getByText('还没有运行过')).toBeVisible()

  const runs = () => marketer.get<Campaigns>(`/v1/console/campaigns?parent_id=${id}`)
  await expect.poll(async () => (await runs()).items.map(({ state }) => state), { timeout: PATIENCE }).toEqual(['completed'])
  await page.reload()
  const table = page.getByRole('table', { name: '各期' })
  await expect(table.getByRole('row')).toHaveCount(2)
  const run = table.getByRole('row').nth(1)
  await expect(run).toContainText('已完成')
  await run.getByRole('link').first().click()
  const { items } = await runs()
  await expect(page).toHaveURL(new RegExp(`/campaigns/${items[0]?.id}`))
})
