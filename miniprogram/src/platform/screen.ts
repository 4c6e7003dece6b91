/** The screen while a code is shown: bright, and awake. A browser has no say in its brightness. */
let before: number | undefined
let isBright = false

export function brighten(): void {
  isBright = true
  // #ifdef MP-WEIXIN
  uni.getScreenBrightness({
    success: ({ value }) => {
      // Who has left already is not dazzled.
      if (!isBright) return
      before ??= value
      uni.setScreenBrightness({ value: 1 })
    },
  })
  uni.setKeepScreenOn({ keepScreenOn: true })
  // #endif
}

export function dimAgain(): void {
  isBright = false
  // #ifdef MP-WEIXIN
  if (before !== undefined) uni.setScreenBrightness({ value: before })
  before = undefined
  uni.setKeepScreenOn({ keepScreenOn: false })
  // #endif
}

/** Where a page's own bar may stand: under the status bar, left of WeChat's button. */
export function barPlace(): { top: number; right: number } {
  // #ifdef MP-WEIXIN
  const button = uni.getMenuButtonBoundingClientRect()
  return { top: Math.max(button.top - 6, 0), right: uni.getWindowInfo().windowWidth - button.left - 8 }
  // #endif
  // #ifndef MP-WEIXIN
  return { top: 4, right: 0 }
  // #endif
}
