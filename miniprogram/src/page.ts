/** What every page does: its title follows the language, also while it lies under another page, and that it is looked at is noted. */
import { onHide, onShow } from '@dcloudio/uni-app'
import { watch } from 'vue'
import { applyAppearanceToBars } from '@/appearance'
import { note } from '@/behaviour'
import { ownRoute } from '@/platform/route'
import { applyLocaleToBars, say, type Key } from '@/words'

export function usePage(title: Key | (() => string)): void {
  const text = () => (typeof title === 'function' ? title() : say(title))
  const show = () => uni.setNavigationBarTitle({ title: text(), fail: () => undefined })
  const route = ownRoute()
  let visible = false
  onShow(() => {
    visible = true
    show()
    applyLocaleToBars()
    applyAppearanceToBars()
    note('page_view', route())
  })
  onHide(() => (visible = false))
  watch(text, () => visible && show())
}

export const tell = (title: string): void => {
  void uni.showToast({ title, icon: 'none', duration: 2500 })
}

/** Tabs are switched to, other pages opened; whoever links need not know which is which. */
const TABS = ['pages/card/index', 'pages/coupons/index', 'pages/points/index', 'pages/me/index']

export function open(path: string): void {
  const [page = ''] = path.split('?')
  if (TABS.includes(page)) void uni.switchTab({ url: `/${page}` })
  else void uni.navigateTo({ url: `/${path}` })
}

/** Back to where one came from, or to the card when this page was opened by itself. */
export function back(): void {
  if (getCurrentPages().length > 1) void uni.navigateBack()
  else void uni.switchTab({ url: '/pages/card/index' })
}
