/** The ways to sign in beside WeChat and a text message. */
import { startAtDomain, type DomainShop } from './tools/domain'
import { ask, newPerson } from './tools/shop'
import { expect, test, textedCode } from './tools/test'

const PASSWORD = 'a quiet tea house'
const NEXT = 'another tea house'

test('a member who set a password signs in by it on another device, forgets it, and sets another by a text message', async ({ app, otherApp }) => {
  const person = await newPerson('宋知味')
  const mine = await app({ member: person })
  await mine.open('account/sign-in-ways/index')
  await mine.fill('new-password', PASSWORD)
  await mine.fill('new-password-again', PASSWORD)
  await mine.tap('save-password')
  await expect(mine.at('new-password').locator('input'), 'saved, the fields begin anew').toHaveValue('')

  const other = await otherApp()
  await other.open('pages/sign-in/index')
  await other.tap('way-password')
  await expect(other.at('agree'), 'who has a password has been told the notice').toHaveCount(0)
  await other.fill('phone', person.phone)
  await other.fill('password', PASSWORD)
  await other.tap('enter')
  await expect(other.at('card-number')).toBeVisible()

  await other.open('pages/sign-in/index')
  await other.tap('way-password')
  await other.fill('phone', person.phone)
  await other.fill('password', NEXT)
  await other.tap('enter')
  await expect(other.page.locator('uni-toast')).toBeVisible()
  await other.tap('forgotten')
  await other.fill('phone', person.phone)
  await other.tap('send-code')
  await other.fill('code', await textedCode(person))
  await other.fill('new-password', NEXT)
  await other.fill('new-password-again', NEXT)
  await other.tap('reset')
  await expect(other.at('card-number')).toBeVisible()
  await expect(ask('POST', '/v1/auth/password', { phone: person.phone, password: PASSWORD })).rejects.toThrow('409')
  await ask('POST', '/v1/auth/password', { phone: person.phone, password: NEXT })
})

test('a shop at an address has no passkeys to offer', async ({ app }) => {
  const { at, open } = await app()
  await open('pages/sign-in/index')
  await expect(at('way-password')).toBeVisible()
  await expect(at('way-passkey')).toHaveCount(0)
})

test.describe('at a domain', () => {
  let shop: DomainShop
  test.beforeAll(async () => void (shop = await startAtDomain()))
  test.afterAll(() => shop.stop())

  test('a passkey that this device was given signs in after the phone was left', async ({ app, context }) => {
    const { page, at, tap, open } = await app({ session: await shop.enrol('方知秋') })
    const authenticator = await context.newCDPSession(page)
    await authenticator.send('WebAuthn.enable')
    await authenticator.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    })
    await open('account/sign-in-ways/index')
    await tap('add-passkey')
    await expect(page.getByText('这台设备', { exact: true })).toBeVisible()

    await open('pages/me/index')
    await tap('sign-out')
    await page.locator('.uni-modal__btn_primary').click()
    await open('pages/sign-in/index')
    await tap('way-passkey')
    await expect(page.locator('uni-toast')).toContainText('欢迎回来')
    await open('pages/card/index')
    await expect(at('card-number')).toBeVisible()
  })
})
