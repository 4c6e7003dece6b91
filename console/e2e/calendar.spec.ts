import { Api } from './tools/api'
import { confirm } from './tools/form'
import { expect, test } from './tools/test'

const MONTHS_AHEAD = 2

test('a scheduled campaign is dragged to another day; who would get three things on one day is told', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const segment = await marketer.post<{ id: string }>('/v1/console/segments', { name: '挤在一天的人', rule: { purchase_count: { at_least: 9 } } })
  const now = new Date()
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + MONTHS_AHEAD, 1)).toISOString().slice(0, 8)
  for (const [index, name] of ['上午茶', '下午茶', '晚间茶'].entries()) {
    const message = { title: '今日上新', body: '三种新茶，本周六全天第二杯半价。' }
    const draft = { name, segment_id: segment.id, channel: 'inbox', message }
    const { id } = await marketer.post<{ id: string }>('/v1/console/campaigns', draft)
    await marketer.post(`/v1/console/campaigns/${id}/schedule`, { at: `${month}12T0${index + 2}:00:00Z` })
  }

  const page = await as('marketer', `/campaigns?day=${month}01`)
  const cell = (day: number) =>
    page.locator('.cell:not(.other)').filter({ has: page.locator('.number', { hasText: new RegExp(`^\\s*${day}\\s*$`) }) })
  await expect(cell(12).locator('.crowd')).toContainText(/\d+ 人 · 3 条/)

  await cell(12).getByText('晚间茶').dragTo(cell(13))
  await confirm(page, '改期', /将影响 \d+ 位会员/)
  await expect(cell(13).getByText('晚间茶')).toBeVisible()
  await expect(cell(12).getByText('晚间茶')).toHaveCount(0)
  await expect(cell(12).locator('.crowd')).toContainText(/\d+ 人 · 2 条/)
})
