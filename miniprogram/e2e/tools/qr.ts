/** Reads a QR code off a picture of the screen, as a till's camera would. */
import type { Locator } from '@playwright/test'
import jsQR from 'jsqr'
import { PNG } from 'pngjs'

export async function readQr(at: Locator): Promise<string> {
  const { data, width, height } = PNG.sync.read(await at.screenshot())
  const found = jsQR(Uint8ClampedArray.from(data), width, height)
  if (!found) throw new Error('there is no QR code in the picture')
  return found.data
}
