import type { components } from '../src/api/schema'
import { ask, memberSession, personWith } from './tools/shop'
import { expect, test } from './tools/test'

type Programme = components['schemas']['ProgrammeView']
type Standing = components['schemas']['MyTierView']

test('the points page says what purchases earn in the member’s tier', async ({ app }) => {
  const person = await personWith('13800000001')
  const { access_token: token } = await memberSession(person)
  const { tier } = await ask<Standing>('GET', '/v1/me/tier', undefined, token)
  const { tiers } = await ask<Programme>('GET', '/v1/programme')
  const mine = tiers.find(({ id }) => id === tier?.id)

  const { page, at, open } = await app({ member: person })
  await open('pages/card/index')
  await expect(at('card-number')).toBeVisible()
  await page.locator('.uni-tabbar__item').nth(2).click()
  await expect(at('earns')).toContainText(`${mine?.name}：消费按 ${mine?.points_percent}% 积分`)
  await expect(at('earns')).toContainText(`生日月按 ${mine?.birthday_percent}%`)
})
