import type { Locator } from '@playwright/test'
import type { components } from '../src/api/schema'
import { ask, memberSession, personWith } from './tools/shop'
import { expect, test } from './tools/test'

type Programme = components['schemas']['ProgrammeView']
type Earning = components['schemas']['EarningView']
type Standing = components['schemas']['MyTierView']

test('the points page says what purchases earn in the member’s tier, and leads to all the rules', async ({ app }) => {
  const person = await personWith('13800000001')
  const { access_token: token } = await memberSession(person)
  const { tier } = await ask<Standing>('GET', '/v1/me/tier', undefined, token)
  const { tiers } = await ask<Programme>('GET', '/v1/programme')
  const mine = tiers.find(({ id }) => id === tier?.id)

  const { page, at, tap, open } = await app({ member: person })
  await open('pages/card/index')
  await expect(at('card-number')).toBeVisible()
  await page.locator('.uni-tabbar__item').nth(2).click()
  await expect(at('earns')).toContainText(`${mine?.name}：消费按 ${mine?.points_percent}% 积分`)
  await expect(at('earns')).toContainText(`生日月按 ${mine?.birthday_percent}%`)

  const { check_in: checkIn } = await ask<Earning>('GET', '/v1/me/earning', undefined, token)
  await tap('earns')
  const way = (title: string): Locator => at('way').filter({ hasText: title })
  await expect(way('消费').first()).toContainText(`${mine?.name}：消费按 ${mine?.points_percent}% 积分`)
  await expect(way('有效期')).toContainText('到期')
  await expect(way('每日签到')).toContainText(`每天得 ${checkIn?.points} 分`)
  await way('每日签到').click()
  await expect(at('streak')).toBeVisible()
})
