/**
 * How soon the first page can be used on a phone a quarter as fast as this machine. The time is printed, because a loaded
 * machine makes it anything; what is held is what decides it: bytes and requests.
 */
import { shop } from './tools/shop'
import { expect, test } from './tools/test'

const SLOWER = 4
const MOST_BYTES = 200 * 1024
const MOST_REQUESTS = 20

test('the first page needs few bytes and few requests', async ({ app, context }) => {
  const { page, at } = await app()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  let bytes = 0
  let requests = 0
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
    requests += 1
  })
  const begun = performance.now()
  await page.goto(`${shop()}/m/`, { waitUntil: 'commit' })
  await expect(at('sign-in')).toBeEnabled()
  await at('sign-in').click({ trial: true })
  const took = performance.now() - begun
  const first = { bytes, requests }
  console.log(`first page usable after ${Math.round(took)} ms with the processor ${SLOWER} times slower: ${Math.round(first.bytes / 1024)} KB in ${first.requests} requests`)
  expect(first.bytes).toBeLessThan(MOST_BYTES)
  expect(first.requests).toBeLessThan(MOST_REQUESTS)
})
