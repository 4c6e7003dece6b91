import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, open, test } from './tools/test'

/** Every page of the menu that an owner has, read from the menu itself. */
async function menuOf(page: Page): Promise<{ name: string; path: string }[]> {
  const links = page.getByRole('navigation', { name: '主导航' }).locator('a.entry')
  await expect(links.first()).toBeVisible()
  return links.evaluateAll((entries) =>
    entries.map((entry) => ({
      name: entry.getAttribute('aria-label') ?? '',
      path: (entry.getAttribute('href') ?? '').replace(/^\/console/, ''),
    })),
  )
}

/** Of pages that hold more than their first tab shows. */
const TABS = [
  { name: '核销', path: '/reports?tab=redemptions' },
  { name: '查券码', path: '/coupons?tab=find' },
  { name: '断网核销', path: '/coupons?tab=conflicts' },
]

async function settled(page: Page) {
  await expect(page.locator('main h1').first()).toBeVisible()
  await page.waitForLoadState('networkidle')
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
}

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious on any page, ${theme}`, async ({ as, page }) => {
    test.slow()
    await page.addInitScript((mode) => localStorage.setItem('huike.theme', mode), theme)
    await as('owner', '/account')
    const places = [{ name: '我的账号', path: '/account' }, ...(await menuOf(page)), ...TABS]
    for (const place of places) {
      await open(page, place.path)
      await settled(page)
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
      const serious = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`)
      expect.soft(serious, `${place.name} ${place.path}`).toEqual([])
    }
  })
}

test('every page is reached and used by keyboard alone', async ({ as, page }) => {
  test.slow()
  await as('owner', '/account')
  for (const place of await menuOf(page)) {
    const link = page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name: place.name, exact: true })
    await link.focus()
    await page.keyboard.press('Enter')
    await expect(page, place.name).toHaveURL(new RegExp(`/console${place.path}`))
    await settled(page)
    await page.keyboard.press('Control+Home')
    await page.locator('.skip').focus()
    await page.keyboard.press('Enter')
    await expect(page.locator('main'), `${place.name}: the skip link leads to the content`).toBeFocused()
    await expectAllReached(page, place.name)
  }
})

test('the menu, which is longer than the screen, shows the page that is open', async ({ as, page }) => {
  await page.setViewportSize({ width: 1440, height: 600 })
  await as('owner', '/settings')
  const menu = page.getByRole('navigation', { name: '主导航' })
  await expect(menu.getByRole('link', { name: '设置' })).toBeInViewport({ ratio: 1 })
  await page.goto('/console/today')
  await expect(menu.getByRole('link', { name: '今天' })).toBeInViewport({ ratio: 1 })
  await expect(menu.getByRole('link', { name: '设置' })).not.toBeInViewport()
})

test('on a phone the menu covers the page until a page is chosen, and no page is wider than the screen', async ({ as, page }) => {
  test.slow()
  await as('owner', '/account')
  const places = [...(await menuOf(page)), ...TABS, { name: '新建活动', path: '/campaigns/new' }, { name: '新建券模板', path: '/coupons/new' }]
  await page.setViewportSize({ width: 375, height: 812 })
  for (const place of places) {
    await open(page, place.path)
    await settled(page)
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect.soft(width, `${place.name} ${place.path}`).toBeLessThanOrEqual(375)
  }
  const menu = page.getByRole('navigation', { name: '主导航' })
  const unfold = page.getByRole('button', { name: '展开导航' })
  await expect(menu).toBeHidden()
  await unfold.click()
  await menu.getByRole('link', { name: '会员', exact: true }).click()
  await expect(page).toHaveURL(/\/console\/members/)
  await expect(menu).toBeHidden()
  await unfold.click()
  await page.keyboard.press('Escape')
  await expect(menu).toBeHidden()
})

/** Tab from the content on: whatever can be clicked gets the focus, and shows it. */
async function expectAllReached(page: Page, name: string) {
  const wanted = await page.evaluate(() => {
    const shown = (element: HTMLElement) => element.offsetParent !== null && getComputedStyle(element).visibility !== 'hidden'
    const all = document.querySelectorAll<HTMLElement>('main :is(a[href], button, input, select, textarea)')
    const able = [...all].filter((one) => shown(one) && !(one as HTMLButtonElement).disabled && one.tabIndex >= 0)
    // Radios and tabs of one group are one stop.
    const stops = able.filter((one) => !(one instanceof HTMLInputElement && one.type === 'radio'))
    for (const [at, stop] of stops.entries()) stop.dataset.stop = String(at)
    return stops.length
  })
  const most = Math.min(wanted, 25)
  const reached = new Set<string>()
  for (let press = 0; press < most + 10 && reached.size < most; press += 1) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(() => {
      const one = document.activeElement as HTMLElement | null
      if (!one?.dataset.stop) return null
      const { outlineStyle, boxShadow, borderColor } = getComputedStyle(one)
      const around = one.parentElement ? getComputedStyle(one.parentElement) : null
      const isSeen = outlineStyle !== 'none' || boxShadow !== 'none' || (around && (around.outlineStyle !== 'none' || around.boxShadow !== 'none'))
      return { stop: one.dataset.stop, isSeen: Boolean(isSeen), what: one.outerHTML.slice(0, 120), borderColor }
    })
    if (!at) continue
    reached.add(at.stop)
  }
  expect.soft(reached.size, `${name}: stops reached by Tab`).toBeGreaterThanOrEqual(most)
}
