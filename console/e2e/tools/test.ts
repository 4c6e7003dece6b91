/**
 * `test` with what every test here holds: no request leaves the origin, nothing breaks the content-security policy, no script throws.
 * `as('marketer')` opens the console signed in.
 */
import { expect, test as base, type Page } from '@playwright/test'
import { PASSWORD, baseUrl, type Role } from './api'

interface Fixtures {
  as: (login: Role | string, path?: string) => Promise<Page>
  /** What the page complained of that a test expects, e.g. a refused request. */
  watched: { problems: string[] }
}

export const test = base.extend<Fixtures>({
  watched: [
    async ({ context }, use) => {
      const problems: string[] = []
      const origin = new URL(baseUrl()).origin
      context.on('request', (request) => {
        const url = new URL(request.url())
        if (['data:', 'blob:'].includes(url.protocol) || url.origin === origin) return
        problems.push(`a request left the origin: ${request.url()}`)
      })
      context.on('weberror', (error) => problems.push(`a script threw: ${error.error().message}`))
      context.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) problems.push(message.text())
      })
      await use({ problems })
      expect(problems).toEqual([])
    },
    { auto: true },
  ],

  as: async ({ page }, use) => {
    await use(async (login, path = '/') => {
      const answer = await page.request.post(`${baseUrl()}/v1/staff/auth`, {
        data: { login, password: PASSWORD, keep: 'cookie' },
      })
      expect(answer.status(), `sign-in of ${login}`).toBe(200)
      await page.addInitScript(() => localStorage.setItem('huike.signed-in', '1'))
      await open(page, path)
      // The refresh token is good once: who leaves the page while it is renewed has lost it.
      await expect(page.getByRole('navigation', { name: '主导航' })).toBeVisible()
      return page
    })
  },
})

export { expect } from '@playwright/test'

/** Goes to an address of the console. */
export async function open(page: Page, path: string) {
  await page.goto(`/console${path}`)
}

/** Types an account into the sign-in page. */
export async function signInByHand(page: Page, login: string, password: string) {
  // By its role: the button of the page that is left has the same name.
  await page.getByRole('textbox', { name: '账号', exact: true }).fill(login)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await page.getByRole('button', { name: '登录' }).click()
}
