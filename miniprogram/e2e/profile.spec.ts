/** What the member tells about themselves, and may change or take back. */
import type { Page as PlaywrightPage } from '@playwright/test'
import type { components } from '../src/api/schema'
import { ask, claim, freshNumber, memberSession, newPerson, personWith, staffSession, type Page } from './tools/shop'
import { expect, test, textedCode } from './tools/test'

type Question = components['schemas']['AttributeValueView']
type Noted = components['schemas']['MemberEventView']
type Me = components['schemas']['MeView']

/** Questions that this run asks, beside those that others ask. */
async function asks(mark: string): Promise<void> {
  const { access_token: token } = await staffSession('owner')
  const questions = [
    { key: `tea-${mark}`, label: '喜欢的茶', kind: 'choice', choices: ['龙井', '岩茶'] },
    { key: `cups-${mark}`, label: '一天几杯', kind: 'number' },
    { key: `hint-${mark}`, label: '想对我们说', kind: 'text' },
  ]
  for (const question of questions) await ask('POST', '/v1/console/attributes', { choices: [], editable_by_member: true, ...question }, token)
}

async function answersOf(token: string, mark: string): Promise<unknown[]> {
  const { items } = await ask<Page<Question>>('GET', '/v1/me/attributes', undefined, token)
  return items.filter(({ key }) => key.endsWith(mark)).map(({ key, value }) => [key.replace(`-${mark}`, ''), value]).sort()
}

test('a member answers what the brand asks, corrects it, and takes an answer back', async ({ app }) => {
  const mark = freshNumber()
  await asks(mark)
  const person = await newPerson('陆之遥')
  const { page, at, tap, fill, open } = await app({ member: person })
  const { access_token: token } = await memberSession(person)
  await open('account/profile/index')
  await expect(at('save')).toHaveAttribute('disabled', /.*/)
  await fill(`answer-cups-${mark}`, '3')
  await fill(`answer-hint-${mark}`, '多放些茶')
  await fill('occupation', '编辑')
  await tap('save')
  await expect(page.locator('uni-toast')).toContainText('资料已更正')
  expect(await answersOf(token, mark)).toEqual([['cups', 3], ['hint', '多放些茶'], ['tea', null]])
  expect((await ask<Me>('GET', '/v1/me', undefined, token)).occupation).toBe('编辑')

  await fill(`answer-cups-${mark}`, '')
  await tap('save')
  await expect(at('save')).toHaveAttribute('disabled', /.*/)
  await expect.poll(() => answersOf(token, mark)).toEqual([['cups', null], ['hint', '多放些茶'], ['tea', null]])
})

/** The phone shows another app. */
const leave = (page: PlaywrightPage): Promise<void> =>
  page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })

test('what a member looks at reaches the shop after a yes, and nothing of before', async ({ app }) => {
  const person = await newPerson('温言')
  const { access_token: token, member } = await memberSession(person)
  const { id: coupon } = await claim(token, '茶饮')
  const { access_token: owner } = await staffSession('owner')
  const noted = async (): Promise<string[]> => {
    const { items } = await ask<Page<Noted>>('GET', `/v1/console/members/${member?.id}/events`, undefined, owner)
    return items.map(({ name, page }) => `${name} ${page}`).sort()
  }
  const { page, at, tap, open } = await app({ member: person })
  let told = 0
  page.on('request', (request) => (told += Number(request.url().endsWith('/v1/me/events'))))

  await open(`pages/coupon/index?id=${coupon}`)
  await expect(at('coupon-code')).toBeVisible()
  await open('account/profile/index')
  await expect(at('behaviour')).toHaveAttribute('aria-checked', 'false')
  await leave(page)
  await tap('behaviour')
  await expect(at('behaviour')).toHaveAttribute('aria-checked', 'true')
  expect(told).toBe(0)

  await open(`pages/coupon/index?id=${coupon}`)
  await expect(at('coupon-code')).toBeVisible()
  // What is noted while something is sent goes when the app is left the next time.
  const leftAgain = async (): Promise<string[]> => {
    await leave(page)
    return noted()
  }
  await expect.poll(leftAgain).toEqual(['coupon_view pages/coupon/index', 'page_view pages/coupon/index'])
})

test('a member moves to another phone number, and says yes and no to what is kept of their doing', async ({ app }) => {
  const person = await newPerson('贺青')
  const next = freshNumber()
  await newPerson('贺青的新号', next)
  const { page, at, tap, fill, open } = await app({ member: person })
  const { access_token: token } = await memberSession(person)
  const me = (): Promise<Me> => ask<Me>('GET', '/v1/me', undefined, token)
  await open('account/profile/index')
  await tap('change-phone')
  await fill('phone', next)
  await tap('send-code')
  await fill('code', await textedCode(await personWith(next)))
  await tap('prove-phone')
  await expect(at('change-phone')).toContainText(`${next.slice(0, 3)}****${next.slice(-4)}`)
  expect((await me()).phone).toBe(`${next.slice(0, 3)}****${next.slice(-4)}`)

  await tap('behaviour')
  await expect(at('behaviour')).toHaveAttribute('aria-checked', 'true')
  expect((await me()).behaviour_consent).toBe(true)
  await tap('behaviour')
  await expect(page.locator('uni-toast').filter({ hasText: '记录已删除' })).toBeVisible()
  expect((await me()).behaviour_consent).toBe(false)
})
