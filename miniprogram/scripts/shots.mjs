/**
 * Screenshots of pages, signed in as a virtual phone of a running demo:
 *   node scripts/shots.mjs --at http://127.0.0.1:8080/m/ --as p1 --to shots pages/card/index pages/coupons/index
 * `--width 375,430`, `--scheme light,dark`, `--locale en`, `--large`, `--guest`, `--full` (the whole length), `--click TESTID,...` before the picture.
 * A page as `staff/till/index` is opened as staff after `--staff cashier:password`.
 */
import { chromium } from '@playwright/test'
import { mkdirSync } from 'node:fs'

const args = process.argv.slice(2)
const option = (name, fallback) => (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : fallback)
const flags = ['large', 'guest', 'full'].filter((name) => args.includes(`--${name}`))
const valued = ['at', 'as', 'to', 'width', 'scheme', 'locale', 'click', 'staff', 'height']
const pages = args.filter((arg, index) => !arg.startsWith('--') && !valued.includes((args[index - 1] ?? '').replace('--', '')))
const at = option('at', 'http://127.0.0.1:8080/m/')
const folder = option('to', 'shots')
const origin = new URL(at).origin
mkdirSync(folder, { recursive: true })

const ask = async (method, path, body) => {
  const answer = await fetch(origin + path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}
const kept = (signedIn) => JSON.stringify({ access: signedIn.access_token, refresh: signedIn.refresh_token, expiresAt: Date.now() + signedIn.expires_in * 1000, refreshKey: crypto.randomUUID() })

async function storage() {
  const entries = [['huike.locale', JSON.stringify(option('locale', 'zh-CN'))]]
  if (flags.includes('large')) entries.push(['huike.large', 'true'])
  if (!flags.includes('guest')) {
    const id = option('as', 'p1')
    const { people: [person] } = await ask('GET', `/sandbox/api/people?q=${id}`)
    const { code } = await ask('POST', `/sandbox/api/people/${id}/login-codes`, {})
    const phone = await ask('POST', `/sandbox/api/people/${id}/phone-codes`, {})
    entries.push(['huike.session.member', kept(await ask('POST', '/v1/auth/wechat', { code, phone_code: phone.code }))])
    entries.push(['huike.sandbox.person', JSON.stringify(person)])
  }
  if (option('staff')) {
    const [login, password] = option('staff').split(':')
    entries.push(['huike.session.staff', kept(await ask('POST', '/v1/staff/auth', { login, password }))])
  }
  // uni-app's browser build keeps a value with its type.
  return entries.map(([name, value]) => [name, JSON.stringify({ type: 'string', data: value })])
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const entries = await storage()
for (const scheme of option('scheme', 'light').split(',')) {
  for (const width of option('width', '375').split(',')) {
    const context = await browser.newContext({ viewport: { width: Number(width), height: Number(option('height', '812')) }, deviceScaleFactor: 2, colorScheme: scheme, locale: option('locale', 'zh-CN'), hasTouch: true, isMobile: true })
    await context.addInitScript((list) => list.forEach(([name, value]) => localStorage.getItem(name) ?? localStorage.setItem(name, value)), entries)
    for (const target of pages) {
      const page = await context.newPage()
      page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.error(`${target}: ${message.text()}`))
      page.on('pageerror', (error) => console.error(`${target}: ${error.message}`))
      await page.goto(`${at}#/${target}`)
      await page.waitForTimeout(1200)
      for (const id of (option('click') ?? '').split(',').filter(Boolean)) {
        await page.locator(`[data-testid="${id}"]:visible`).first().click()
        await page.waitForTimeout(800)
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      if (wide) console.error(`${target} at ${width}: wider than the screen`)
      const name = `${target.split('?')[0].replace(/\//g, '-')}-${width}-${scheme}${option('locale') ? `-${option('locale')}` : ''}${flags.filter((each) => each !== 'full').map((each) => `-${each}`).join('')}${option('click') ? `-${option('click').split(',').pop()}` : ''}.png`
      await page.screenshot({ path: `${folder}/${name}`, fullPage: flags.includes('full') })
      console.log(`${folder}/${name}`)
      await page.close()
    }
    await context.close()
  }
}
await browser.close()
