/** The camera as WeChat offers it. Resolves with undefined when nothing was scanned. */
export function scanWithCamera(): Promise<string | undefined> {
  return new Promise((resolve) => {
    uni.scanCode({
      scanType: ['qrCode', 'barCode'],
      success: ({ result }) => resolve(result),
      fail: () => resolve(undefined),
    })
  })
}

/** Whether `scanWithCamera` works here. A browser has no scanner of its own; codes are typed, or come from a hand scanner. */
export const hasScanner = (): boolean => {
  // #ifdef MP-WEIXIN
  return true
  // #endif
  // #ifndef MP-WEIXIN
  return false
  // #endif
}
