/** Every test has an app on a phone of its own; none may ask another origin or throw in the page. */
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test'
import { memberSession, messagesOf, shop, staffSession, type Person, type SignedIn } from './shop'

export interface App {
  page: Page
  /** What the visible page shows under this test id. */
  at: (id: string) => Locator
  tap: (id: string) => Promise<void>
  fill: (id: string, text: string) => Promise<void>
  open: (path: string) => Promise<void>
}

export interface Who {
  member?: Person
  /** Signed in already, where a shop has no virtual phones. */
  session?: SignedIn
  staff?: string
  locale?: 'zh-CN' | 'en'
  large?: boolean
}

interface Fixtures {
  /** Opens the app, signed in through the API as whoever is named, on the context's phone. */
  app: (who?: Who) => Promise<App>
  /** Another phone beside it. */
  otherApp: (who?: Who) => Promise<App>
  watched: string[]
}

const sessionOf = (of: SignedIn): string =>
  JSON.stringify({ access: of.access_token, refresh: of.refresh_token, expiresAt: Date.now() + of.expires_in * 1000, refreshKey: crypto.randomUUID() })

/** uni-app's browser build keeps a value with its type. */
const kept = (data: string): string => JSON.stringify({ type: 'string', data })

async function storage({ member, session, staff, locale, large }: Who): Promise<Array<[string, string]>> {
  const entries: Array<[string, string]> = []
  if (locale) entries.push(['huike.locale', JSON.stringify(locale)])
  if (large) entries.push(['huike.large', 'true'])
  if (member) entries.push(['huike.session.member', sessionOf(await memberSession(member))], ['huike.sandbox.person', JSON.stringify(member)])
  if (session) entries.push(['huike.session.member', sessionOf(session)])
  if (staff) entries.push(['huike.session.staff', sessionOf(await staffSession(staff))])
  return entries.map(([name, value]) => [name, kept(value)])
}

export function watch(context: BrowserContext, problems: string[]): void {
  context.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(shop()) && !url.startsWith('data:') && !url.startsWith('blob:')) problems.push(`asked ${url}`)
  })
  context.on('weberror', (error) => problems.push(`threw ${error.error().message}`))
}

async function launch(context: BrowserContext, who: Who): Promise<App> {
  const entries = await storage(who)
  // Once: a session that the page ends must not come back with its next load.
  await context.addInitScript((list) => {
    if (location.protocol === 'about:' || localStorage.getItem('e2e')) return
    list.forEach(([name, value]) => localStorage.setItem(name, value))
    localStorage.setItem('e2e', 'begun')
  }, entries)
  const page = await context.newPage()
  const at = (id: string): Locator => page.locator(`[data-testid="${id}"]:visible`)
  return {
    page,
    at,
    tap: (id) => at(id).first().click(),
    fill: (id, text) => at(id).locator('input').fill(text),
    open: async (path) => void (await page.goto(`${shop()}/m/#/${path}`)),
  }
}

export const test = base.extend<Fixtures>({
  watched: [
    async ({}, use) => {
      const problems: string[] = []
      await use(problems)
      expect(problems).toEqual([])
    },
    { auto: true },
  ],
  app: async ({ context, watched }, use) => {
    watch(context, watched)
    await use((who = {}) => launch(context, who))
  },
  otherApp: async ({ browser, watched, locale, viewport }, use) => {
    const context = await browser.newContext({ locale, viewport, hasTouch: true, isMobile: true })
    watch(context, watched)
    await use((who = {}) => launch(context, who))
    await context.close()
  },
})

/** The phone has no network any more, nor needs one to open a page: the app's files are kept on it by then. */
export async function cutOff({ page }: App): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await page.waitForLoadState('networkidle')
  await page.context().setOffline(true)
}

/** The code of the text message that a phone got. */
export async function textedCode(person: Person): Promise<string> {
  let code = ''
  await expect
    .poll(async () => (code = /\d{6}/.exec((await messagesOf(person)).findLast(({ kind }) => kind === 'sms')?.text ?? '')?.[0] ?? ''))
    .toMatch(/^\d{6}$/)
  return code
}

export { expect }
