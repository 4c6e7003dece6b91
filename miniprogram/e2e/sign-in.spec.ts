/** The ways to sign in beside WeChat and a text message. */
import { ask, memberSession, newPerson, shop } from './tools/shop'
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

test.describe('at an address', () => {
  const name = shop()
  test.beforeAll(() => void (process.env.HUIKE_APP = shop().replace('localhost', '127.0.0.1')))
  test.afterAll(() => void (process.env.HUIKE_APP = name))

  test('a shop has no passkeys to offer, nor Alipay, which sends people back to the name', async ({ app }) => {
    const { at, open } = await app()
    await open('pages/sign-in/index')
    await expect(at('way-password')).toBeVisible()
    await expect(at('way-passkey')).toHaveCount(0)
    await expect(at('way-alipay')).toHaveCount(0)
  })
})

test('a passkey that this device was given signs in after the phone was left', async ({ app, context }) => {
  const { page, at, tap, open } = await app({ member: await newPerson('方知秋') })
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

test('somebody new goes to Alipay and refuses, goes again and agrees, is a member, and adds the phone number', async ({ app, watched }) => {
  const person = await newPerson('石见川')
  const { page, at, tap, fill, open } = await app()
  await open('pages/sign-in/index')
  await tap('way-alipay')
  await tap('alipay')
  await expect(page.locator('uni-toast'), 'nobody goes before the notice is accepted').toContainText('隐私说明')
  await tap('agree')
  await tap('alipay')
  await page.getByRole('button', { name: '拒绝' }).click()
  await expect(page.locator('uni-toast')).toContainText('没有同意')
  expect(new URL(page.url()).search, 'neither code nor state stays in the address').toBe('')

  await tap('alipay')
  await page.getByLabel('按姓名或手机号找').fill(person.phone)
  await page.getByRole('button', { name: '找' }).click()
  await page.getByText(person.name).click()
  await page.getByRole('button', { name: '同意' }).click()
  await expect(at('phone-later')).toBeVisible()
  await fill('phone', person.phone)
  await tap('send-code')
  await fill('code', await textedCode(person))
  await tap('prove-phone')
  await expect(at('card-number')).toBeVisible()

  const { member } = await memberSession(person)
  expect(member?.marketing_consent, 'the box was not ticked').toBe(false)
  // The way to Alipay and what its page is made of are all that went elsewhere.
  const asked = new Set(watched.splice(0).map((each) => new URL(each.replace('asked ', '')).pathname))
  expect([...asked].sort()).toEqual(['/oauth2/publicAppAuthorize.htm', '/sandbox/page.css'])
})

test("a link with somebody else's code signs nobody in", async ({ app }) => {
  const { page, at } = await app()
  await page.goto(`${shop()}/m/?auth_code=${'0'.repeat(32)}&state=${'a'.repeat(64)}`)
  await expect(page.locator('uni-toast')).toContainText('不是从这个浏览器开始')
  await page.goto(`${shop()}/m/#/pages/card/index`)
  await expect(at('sign-in')).toBeVisible()
})
