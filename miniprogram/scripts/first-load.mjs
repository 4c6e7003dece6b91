/**
 * How fast the first page of the browser build is: `node scripts/first-load.mjs http://127.0.0.1:8080/m/ [4]`, against a running demo. The processor is
 * slowed so many times, the cache is empty. Prints the median of five: the page's words are there, its button answers.
 */
import { chromium } from '@playwright/test'

const [address = 'http://127.0.0.1:8080/m/', slower = '4'] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const runs = []
let bytes = 0
for (let run = 0; run < 5; run += 1) {
  const context = await browser.newContext({ viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true, locale: 'zh-CN' })
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: Number(slower) })
  await session.send('Network.enable')
  bytes = 0
  session.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
  const from = performance.now()
  await page.goto(address, { waitUntil: 'commit' })
  await page.locator('[data-testid="sign-in"]:visible').waitFor()
  const seen = performance.now() - from
  await page.locator('[data-testid="sign-in"]:visible').click({ trial: true })
  runs.push({ seen, answers: performance.now() - from, bytes })
  await context.close()
}
await browser.close()
const median = (name) => Math.round(runs.map((each) => each[name]).sort((a, b) => a - b)[2])
console.log(`processor ${slower}x slower: seen after ${median('seen')} ms, answers after ${median('answers')} ms, ${Math.round(median('bytes') / 1024)} KB over the wire`)
