/** The language of the phone, as a tag like `zh-CN` or `en`. */
export function phoneLanguage(): string {
  // #ifdef H5
  return navigator.language
  // #endif
  // #ifndef H5
  return uni.getAppBaseInfo().language ?? 'zh_CN'
  // #endif
}
