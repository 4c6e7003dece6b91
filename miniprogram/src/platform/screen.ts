/** The screen while a code is shown: bright, and awake. A browser has no say in its brightness. */
let before: number | undefined

export function brighten(): void {
  // #ifdef MP-WEIXIN
  uni.getScreenBrightness({
    success: ({ value }) => {
      before ??= value
      uni.setScreenBrightness({ value: 1 })
    },
  })
  uni.setKeepScreenOn({ keepScreenOn: true })
  // #endif
}

export function dimAgain(): void {
  // #ifdef MP-WEIXIN
  if (before !== undefined) uni.setScreenBrightness({ value: before })
  before = undefined
  uni.setKeepScreenOn({ keepScreenOn: false })
  // #endif
}
