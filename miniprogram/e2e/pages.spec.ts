/** Every page of the app, as who it is for: without a serious finding of axe, no wider than the screen, and all that is tapped large enough. */
import AxeBuilder from '@axe-core/playwright'
import { readFileSync } from 'node:fs'
import { ask, claim, memberSession, personWith, type Page } from './tools/shop'
import { misfits } from './tools/fit'
import { expect, test, type App } from './tools/test'

interface Pages {
  pages: Array<{ path: string }>
  subPackages: Array<{ root: string; pages: Array<{ path: string }> }>
}

const { pages, subPackages } = JSON.parse(readFileSync(new URL('../src/pages.json', import.meta.url), 'utf8')) as Pages
const paths = [...pages.map(({ path }) => path), ...subPackages.flatMap((each) => each.pages.map(({ path }) => `${each.root}/${path}`))]
const isStaffs = (path: string): boolean => path.startsWith('staff/') && path !== 'staff/sign-in/index'
const REGULAR = '13800000001'
/** So many pages a test: what a slow machine looks at well within a test's time. */
const GROUP = 6
const HAN = /[\u4e00-\u9fff]/

function inGroups(all: string[], size: number): string[][] {
  return all.length === 0 ? [] : [all.slice(0, size), ...inGroups(all.slice(size), size)]
}

/** What a page is about where it is about one thing. */
async function subjects(): Promise<Record<string, string>> {
  const { access_token: token } = await memberSession(await personWith(REGULAR))
  const [coupon] = (await ask<Page<{ id: string }>>('GET', '/v1/me/coupons?state=usable', undefined, token)).items
  const [message] = (await ask<Page<{ id: string }>>('GET', '/v1/me/inbox', undefined, token)).items
  const [survey] = (await ask<Page<{ id: string }>>('GET', '/v1/me/surveys', undefined, token)).items
  return {
    'pages/coupon/index': `?id=${coupon?.id ?? (await claim(token, '')).id}`,
    'messages/message/index': message ? `?id=${message.id}` : '',
    'points/survey/index': survey ? `?id=${survey.id}` : '',
  }
}

/** The page is there, and nothing is on its way any more: no bones, no toast. */
async function settled({ page }: App): Promise<void> {
  await expect(page.locator('uni-page .frame').first()).toBeVisible()
  await page.waitForLoadState('networkidle')
  await expect(page.locator('[aria-busy="true"]:visible')).toHaveCount(0)
}

async function check(phone: App, path: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page: phone.page }).analyze()
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const found = serious.flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) => `${path}: ${id}: ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1] ?? ''}`))
  return [...found, ...(await misfits(phone.page)).map((each) => `${path}: ${each}`)]
}

test.describe.configure({ mode: 'parallel' })

for (const [scheme, locale] of [['light', 'zh-CN'], ['dark', 'en']] as const) {
  test.describe(`${scheme}, ${locale}`, () => {
    test.use({ colorScheme: scheme, viewport: { width: 375, height: 812 } })

    for (const some of inGroups(paths, GROUP)) {
      test(`without a serious finding and as wide as the phone: ${some[0]} to ${some.at(-1)}`, async ({ app }) => {
        const about = await subjects()
        const phone = await app({ member: await personWith(REGULAR), staff: 'cashier', locale })
        const found: string[] = []
        for (const path of some) {
          await phone.open(path + (about[path] ?? ''))
          await phone.page.reload()
          await settled(phone)
          found.push(...(await check(phone, path)))
          if (locale === 'en') await expect(phone.page, path).not.toHaveTitle(HAN)
          if (isStaffs(path)) expect(phone.page.url(), 'signed in').not.toContain('sign-in')
        }
        expect(found).toEqual([])
      })
    }

    for (const some of inGroups(pages.map((each) => each.path), GROUP)) {
      test(`a guest may look at ${some[0]} to ${some.at(-1)}`, async ({ app }) => {
        const phone = await app({ locale })
        const found: string[] = []
        for (const path of some) {
          await phone.open(path)
          await phone.page.reload()
          await settled(phone)
          found.push(...(await check(phone, path)))
        }
        expect(found).toEqual([])
      })
    }
  })
}

/** The smallest phone with the largest words, and a tablet. */
for (const { width, height, large, locale } of [{ width: 320, height: 568, large: true, locale: 'en' }, { width: 375, height: 812, large: true, locale: 'zh-CN' }, { width: 768, height: 1024, large: false, locale: 'zh-CN' }] as const) {
  test.describe(`${width} px wide${large ? ' with large words' : ''}, ${locale}`, () => {
    test.use({ viewport: { width, height } })

    for (const some of inGroups(paths, 2 * GROUP)) {
      test(`fits: ${some[0]} to ${some.at(-1)}`, async ({ app }) => {
        const about = await subjects()
        const phone = await app({ member: await personWith(REGULAR), staff: 'cashier', locale, large })
        const found: string[] = []
        for (const path of some) {
          await phone.open(path + (about[path] ?? ''))
          await phone.page.reload()
          await settled(phone)
          found.push(...(await misfits(phone.page)).map((each) => `${path}: ${each}`))
        }
        expect(found).toEqual([])
      })
    }
  })
}

test('the language is changed in the app, bars included, and stays', async ({ app }) => {
  const { page, tap, open } = await app()
  await open('pages/me/index')
  const bar = page.locator('.uni-tabbar__label')
  await expect(bar.first()).toHaveText('会员卡')
  await tap('language')
  await expect(bar.first()).not.toHaveText(HAN)
  await page.reload()
  await expect(bar.first()).not.toHaveText(HAN)
  await expect(page).not.toHaveTitle(HAN)
})

test('in the dark the paper is dark, and the code stays on white', async ({ app }) => {
  const { page, at, tap, open } = await app({ member: await personWith(REGULAR) })
  await page.emulateMedia({ colorScheme: 'dark' })
  await open('pages/card/index')
  await expect(page.locator('body')).toHaveCSS('background-color', 'rgb(16, 21, 20)')
  await tap('show-code')
  await expect(at('qr').locator('xpath=ancestor::*[contains(@class,"sheet")]')).toHaveCSS('background-color', 'rgb(255, 255, 255)')
})
