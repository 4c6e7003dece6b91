import { ask, memberSession, messagesOf, newPerson, staffSession, type Person } from './tools/shop'
import { expect, test } from './tools/test'

const TEMPLATE = 'TMPL_MEMBER_DAY_00000000000000000000000000D'
const TITLE = '会员日活动通知'

interface Explained {
  decided?: { gates: Array<{ gate: string; passed: boolean }> } | null
}

/** A campaign to these members alone, by a tag of their own; it is over once all of them are settled. */
async function send(topic: string, people: Person[]): Promise<{ id: string; token: string }> {
  const { access_token: token } = await staffSession('owner')
  const tag = `e2e-${topic}`
  const { id: tag_id } = await ask<{ id: string }>('POST', '/v1/console/tags', { name: tag }, token)
  for (const person of people) {
    const { access_token: theirs } = await memberSession(person)
    const { id } = await ask<{ id: string }>('GET', '/v1/me', undefined, theirs)
    await ask('PUT', `/v1/console/members/${id}/tags/${tag_id}`, undefined, token)
  }
  const { id: segment_id } = await ask<{ id: string }>('POST', '/v1/console/segments', { name: tag, rule: { tag } }, token)
  const parameters = { thing1: '周六会员日，新茶试饮', thing3: '南山店、福田店', time2: '2026年12月5日 10:00' }
  const message = { template_id: TEMPLATE, page: 'pages/coupons/index', parameters }
  const { id } = await ask<{ id: string }>('POST', '/v1/console/campaigns', { name: tag, segment_id, channel: 'wechat_subscribe', topic: 'offers', message }, token)
  await ask('POST', `/v1/console/campaigns/${id}/schedule`, {}, token)
  const state = async (): Promise<string> => (await ask<{ state: string }>('GET', `/v1/console/campaigns/${id}`, undefined, token)).state
  await expect.poll(state, { timeout: 30_000 }).toBe('completed')
  return { id, token }
}

const arrived = async (person: Person): Promise<number> => (await messagesOf(person)).filter((each) => each.title === TITLE).length

test('who allows a message gets the campaign on the phone; who opted out does not, and is told why', async ({ app, otherApp }) => {
  const [glad, done] = [await newPerson('杜若'), await newPerson('连翘')]

  const gladly = await app({ member: glad })
  for (const [phone, person] of [[gladly, glad], [await otherApp({ member: done }), done]] as const) {
    await phone.open('messages/subscriptions/index')
    await phone.tap(`allow-${TEMPLATE}`)
    await phone.tap('prompt-accept')
    await expect(phone.at(`subscription-${TEMPLATE}`)).toContainText('1')
    if (person === done) {
      await phone.open('messages/preferences/index')
      await phone.tap('channel-wechat_subscribe')
      await expect(phone.at('channel-wechat_subscribe')).toHaveAttribute('aria-checked', 'false')
    }
  }

  const { id, token } = await send('allowed', [glad, done])
  await expect.poll(() => arrived(glad)).toBe(1)
  expect(await arrived(done)).toBe(0)
  await gladly.open('messages/inbox/index')
  await gladly.page.getByText('全部发送记录').click()
  await expect(gladly.at('words'), 'as it was sent').toHaveText(/周六会员日，新茶试饮.*10:00.*南山店/)

  const { access_token: theirs } = await memberSession(done)
  const me = await ask<{ id: string }>('GET', '/v1/me', undefined, theirs)
  const why = await ask<Explained>('GET', `/v1/console/campaigns/${id}/members/${me.id}/explanation`, undefined, token)
  expect(JSON.stringify(why)).toContain('opt')
})

test('who was never asked gets nothing', async () => {
  const person = await newPerson('半夏')
  await memberSession(person)
  await send('unasked', [person])
  expect(await arrived(person)).toBe(0)
})
