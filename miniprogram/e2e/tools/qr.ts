/** Reads a QR code off a picture of the screen, as a till's camera would. */
import { expect, type Locator } from '@playwright/test'
import jsQR from 'jsqr'
import { PNG } from 'pngjs'
import type { App } from './test'

/** As soon as it is there: the element is, before its picture. */
export async function readQr(at: Locator): Promise<string> {
  let read = ''
  await expect.poll(async () => (read = inPicture(await at.screenshot())), { message: 'a QR code in the picture' }).not.toBe('')
  return read
}

/** The member's code, which the page shows as a picture and in letters. Both change every half minute, the picture a moment later. */
export async function readCode({ at }: App): Promise<string> {
  let code = ''
  await expect(async () => {
    code = await readQr(at('qr'))
    expect(await at('code-text').innerText()).toBe(code)
  }).toPass()
  return code
}

function inPicture(png: Uint8Array): string {
  const { data, width, height } = PNG.sync.read(png)
  return jsQR(Uint8ClampedArray.from(data), width, height)?.data ?? ''
}
