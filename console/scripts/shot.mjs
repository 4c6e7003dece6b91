// Screenshots of pages, in both themes: node scripts/shot.mjs BASE OUT_FOLDER LOGIN WIDTHxHEIGHT NAME=/path [NAME=/path ...]
// `NAME=/path@SELECTOR` clicks the selector first. Prints what the page's console complained about.
import { chromium } from '@playwright/test'
import { mkdirSync } from 'node:fs'

const [base, out, login, size, ...pages] = process.argv.slice(2)
const [width, height] = size.split('x').map(Number)
mkdirSync(out, { recursive: true })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
})
const themes = (process.env.THEMES ?? 'light,dark').split(',')
const language = process.env.LANGUAGE ?? 'zh-CN'
for (const theme of themes) {
  const context = await browser.newContext({ viewport: { width, height }, locale: language, reducedMotion: 'reduce' })
  await context.addInitScript(
    ([mode, words]) => {
      localStorage.setItem('huike.theme', mode)
      localStorage.setItem('huike.language', words)
    },
    [theme, language],
  )
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.log(`[${theme}]`, message.text())
  })
  page.on('pageerror', (error) => console.log(`[${theme}] error`, error.message))
  if (login !== '-') {
    await page.goto(`${base}/console/sign-in`)
    await page.locator('input[name=username]').fill(login)
    await page.locator('input[type=password]').fill('shanyue-demo')
    await page.locator('button[type=submit]').click()
    await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
  }
  for (const one of pages) {
    const [name, rest] = [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]
    const [path, ...clicks] = rest.split('@')
    await page.goto(`${base}/console${path}`)
    await page.waitForLoadState('networkidle').catch(() => undefined)
    for (const selector of clicks) {
      await page.locator(selector).first().click()
      await page.waitForTimeout(400)
    }
    await page.waitForTimeout(500)
    await page.screenshot({ path: `${out}/${name}-${theme}.png`, fullPage: process.env.FULL === '1' })
  }
  await context.close()
}
await browser.close()
