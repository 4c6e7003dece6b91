/** Copies a text, with word of it. */
import { say } from '@/words'

export function copyText(text: string): void {
  uni.setClipboardData({ data: text, showToast: false, success: () => uni.showToast({ title: say('common.copied'), icon: 'none' }) })
}

/** The address of a page of this app for a friend: a link in a browser, a path in WeChat. */
export function pageAddress(path: string): string {
  // #ifdef H5
  return `${location.origin}${location.pathname}#/${path}`
  // #endif
  // #ifndef H5
  return `/${path}`
  // #endif
}

/** Whether a page can be handed to a friend by WeChat itself. */
export const canShare = (): boolean => {
  // #ifdef MP-WEIXIN
  return true
  // #endif
  // #ifndef MP-WEIXIN
  return false
  // #endif
}
