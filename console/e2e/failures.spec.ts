import { Api, refuseSends } from './tools/api'
import { expect, open, test } from './tools/test'

/** On which no other test sends: each message takes a consent. */
const TEMPLATE = 'TMPL_COUPON_ARRIVAL_0000000000000000000000B'

interface Campaign {
  id: string
  name: string
  segment_id: string
  message: { template_id?: string }
  channel: string
}

/** A draft of the demo's own message on that template. */
async function draft(marketer: Api, name: string): Promise<string> {
  const { items } = await marketer.get<{ items: Campaign[] }>('/v1/console/campaigns')
  const { segment_id, message, channel } = items.find((one) => one.message.template_id === TEMPLATE) ?? ({} as Campaign)
  const body = { name, segment_id, message, channel, topic: 'offers', holdout_percent: 0 }
  return (await marketer.post<{ id: string }>('/v1/console/campaigns', body)).id
}

test.afterEach(() => refuseSends([]))

test('a refused test message says what to mend; so do the failures of the campaign, here and among the dead letters', async ({ as }) => {
  const marketer = await Api.staff('marketer')
  const id = await draft(marketer, '参数超长的活动')
  await refuseSends([{ code: '47003', template: TEMPLATE, people_rate: 0.3 }, { code: '40003', template: TEMPLATE, people_rate: 0.6 }])

  const page = await as('owner', `/campaigns/${id}/edit?step=review`)
  await page.getByLabel('会员手机号').fill('13800000001 13999999999')
  await page.getByRole('button', { name: '发送测试' }).click()
  const results = page.getByRole('list', { name: '测试结果' }).getByRole('listitem')
  await expect(results.first()).toContainText('没有发出：47003')
  await expect(results.first()).toContainText('有参数不符合模板规则')
  await expect(results.nth(1)).toContainText('没有发出：不是会员的手机号')

  await marketer.post(`/v1/console/campaigns/${id}/schedule`)
  await expect.poll(async () => (await marketer.get(`/v1/console/campaigns/${id}`)).state).toBe('completed')
  for (const path of [`/campaigns/${id}`, `/dead-letters?tab=failures&campaign=${id}`]) {
    await open(page, path)
    const failures = page.getByRole('table', { name: '失败与未知' })
    await expect(failures.getByRole('row', { name: /47003/ }), path).toContainText('检查类型、长度')
    await expect(failures.getByRole('row', { name: /40003/ }), path).toContainText('OpenID 无效')
  }
  await open(page, `/campaigns/${id}?tab=deliveries&state=failed`)
  await page.getByRole('button', { name: '为什么' }).first().click()
  await expect(page.getByRole('dialog')).toContainText(/47003.*有参数不符合|40003.*OpenID 无效/)
})
