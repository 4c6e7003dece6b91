/** The camera: WeChat's own scanner, or the browser's camera where there is one. Resolves with undefined when nothing was scanned. */
// #ifdef H5
import { cameraIsHere, frameReader, scanInBrowser } from './scan-browser'
// #endif

export function scanWithCamera(): Promise<string | undefined> {
  // #ifdef H5
  return scanInBrowser()
  // #endif
  // #ifdef MP-WEIXIN
  return new Promise((resolve) => {
    uni.scanCode({
      scanType: ['qrCode', 'barCode'],
      success: ({ result }) => resolve(result),
      fail: () => resolve(undefined),
    })
  })
  // #endif
}

/** Whether `scanWithCamera` works here. Without it codes are typed, or come from a hand scanner. */
export const hasScanner = (): boolean => {
  // #ifdef MP-WEIXIN
  return true
  // #endif
  // #ifdef H5
  return cameraIsHere()
  // #endif
}

/** Loads what a browser's scanner needs, while there is a network. */
export function prepareScanner(): void {
  // #ifdef H5
  if (cameraIsHere()) void frameReader().catch(() => undefined)
  // #endif
}
