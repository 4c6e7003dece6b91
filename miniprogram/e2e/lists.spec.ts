/** Lists that are longer than a page of them. */
import { ask, memberSession, newPerson, staffSession, type Card, type Person } from './tools/shop'
import { cutOff, expect, test } from './tools/test'

const MANY = 23
const A_PAGE = 20

/** So many purchases, each with its points; a large one brings a coupon too. */
async function regular(name: string): Promise<Person> {
  const person = await newPerson(name)
  const { access_token: token } = await memberSession(person)
  const { card_number } = await ask<Card>('GET', '/v1/me/card', undefined, token)
  const { access_token: staff, staff: who } = await staffSession('cashier')
  for (let n = 1; n <= MANY; n += 1) {
    await ask('POST', '/v1/staff/purchases', { store_id: who?.store_ids[0], card_number, order_no: `${person.id}-${n}`, total_fen: 3000 }, staff)
  }
  return person
}

test('a long list reads on at its end, says when it is whole, and is as long when one comes back to it', async ({ app }) => {
  const { page, at, open } = await app({ member: await regular('长乐') })
  await open('points/purchases/index')
  const cards = page.locator('[data-testid^="purchase-"]:visible')
  await expect(cards).toHaveCount(A_PAGE)
  await expect(at('list-end')).toHaveCount(0)
  await page.mouse.wheel(0, 20_000)
  await expect(cards).toHaveCount(MANY)
  await expect(at('list-end')).toBeVisible()

  await open('points/earning/index')
  await expect(cards).toHaveCount(0)
  await page.goBack()
  await expect(cards).toHaveCount(MANY)
})

test('a page of a list that can’t be had says why and is asked for again; what is there stays', async ({ app, context }) => {
  const phone = await app({ member: await regular('安宁') })
  const { page, at, tap, open } = phone
  await open('points/purchases/index')
  const cards = page.locator('[data-testid^="purchase-"]:visible')
  await expect(cards).toHaveCount(A_PAGE)
  await cutOff(phone)
  await page.mouse.wheel(0, 20_000)
  await expect(at('list-again')).toBeVisible()
  await expect(cards).toHaveCount(A_PAGE)
  await context.setOffline(false)
  await tap('list-again')
  await expect(cards).toHaveCount(MANY)
})
