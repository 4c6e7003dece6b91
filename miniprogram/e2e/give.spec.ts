import { claim, memberSession, newPerson } from './tools/shop'
import { expect, test, type App, type Who } from './tools/test'

const FOR_A_FRIEND = '好友同享'

/** Somebody with such a coupon, who has just made the link to it. */
async function giving(app: (who?: Who) => Promise<App>, name: string): Promise<{ mine: App; token: string }> {
  const giver = await newPerson(name)
  const coupon = await claim((await memberSession(giver)).access_token, FOR_A_FRIEND)
  const mine = await app({ member: giver })
  await mine.open(`pages/coupon/index?id=${coupon.id}`)
  const made = mine.page.waitForResponse((answer) => answer.url().endsWith(`/v1/me/coupons/${coupon.id}/transfers`) && answer.request().method() === 'POST')
  await mine.tap('give')
  const { token } = (await (await made).json()) as { token: string }
  return { mine, token }
}

test('a coupon is given to a friend by a link, which the first who opens it takes', async ({ app, otherApp }) => {
  const { mine, token } = await giving(app, '宁远')
  await expect(mine.at('give-copy')).toBeVisible()

  const theirs = await otherApp({ member: await newPerson('思齐') })
  await theirs.open(`pages/gift/index?token=${encodeURIComponent(token)}`)
  await theirs.tap('gift-take')
  await theirs.tap('gift-see')
  await expect(theirs.at('coupon-code')).toBeVisible()

  await mine.open('pages/coupons/index')
  await mine.tap('tab-usable')
  await expect(mine.page.locator('[aria-busy="true"]:visible')).toHaveCount(0)
  await expect(mine.page.locator('[data-testid^="coupon-"]:visible').filter({ hasText: FOR_A_FRIEND }), 'it is the friend’s now').toHaveCount(0)
})

test('who changes their mind calls the coupon back, and the link is worth nothing', async ({ app, otherApp }) => {
  const { mine, token } = await giving(app, '怀瑾')
  await mine.tap('give-back')
  await expect(mine.at('give')).toBeVisible()

  const theirs = await otherApp({ member: await newPerson('明远') })
  await theirs.open(`pages/gift/index?token=${encodeURIComponent(token)}`)
  await theirs.tap('gift-take')
  await expect(theirs.page.getByRole('alert').or(theirs.page.locator('.bad:visible')).first()).toBeVisible()
  await expect(theirs.at('gift-see')).toHaveCount(0)
})

test('a coupon that ends while it is looked at says so, and its code goes', async ({ app }) => {
  const person = await newPerson('既明')
  const coupon = await claim((await memberSession(person)).access_token, FOR_A_FRIEND)
  const { page, at, open } = await app({ member: person })
  await page.clock.install()
  await open(`pages/coupon/index?id=${coupon.id}`)
  await expect(at('coupon-code')).toBeVisible()
  await page.clock.fastForward('32:00:00')
  await expect(at('coupon-code'), 'it is good for a month').toBeVisible()
  await page.clock.setSystemTime(Date.parse(coupon.valid_until) + 1000)
  await page.clock.runFor(6_000)
  await expect(at('coupon-code')).toHaveCount(0)
  await expect(page.getByText('已过期').first()).toBeVisible()
})
