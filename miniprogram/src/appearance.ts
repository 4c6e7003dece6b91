/**
 * Light or dark, as the phone has it or as the member wants it. Styles follow a class on the page; the platform's own bars are
 * told by hand, and only where the member chose: otherwise they follow the phone by themselves.
 */
import { computed, ref } from 'vue'
import { keep, recall } from '@/platform/storage'
import theme from '@/theme.json'

export type Appearance = 'system' | 'light' | 'dark'

const KEPT = 'appearance'

export const appearance = ref<Appearance>(recall<Appearance>(KEPT) ?? 'system')

/** For the outermost element of a page. */
export const schemeClass = computed(() => (appearance.value === 'system' ? '' : `scheme-${appearance.value}`))

function systemScheme(): 'light' | 'dark' {
  return uni.getAppBaseInfo().theme === 'dark' ? 'dark' : 'light'
}

const TABS = ['card', 'coupons', 'points', 'me'] as const
const ignored = { fail: () => undefined }

/** Whether the bars have other colours than the phone's, and have to be put back. */
let toldBars = false

/** To be called when a page shows: each has a bar of its own. */
export function applyAppearanceToBars(): void {
  if (appearance.value === 'system' && !toldBars) return
  toldBars = true
  const scheme = appearance.value === 'system' ? systemScheme() : appearance.value
  const colours = theme[scheme]
  uni.setNavigationBarColor({ frontColor: scheme === 'dark' ? '#ffffff' : '#000000', backgroundColor: colours.barBackground, ...ignored })
  uni.setTabBarStyle({ color: colours.tabText, selectedColor: colours.tabSelected, backgroundColor: colours.tabBackground, borderStyle: colours.tabBorder as 'black' | 'white', ...ignored })
  TABS.forEach((name, index) => uni.setTabBarItem({ index, iconPath: `/${colours[`${name}Icon`]}`, selectedIconPath: `/${colours[`${name}Selected`]}`, ...ignored }))
}

export function chooseAppearance(next: Appearance): void {
  appearance.value = next
  keep(KEPT, next)
  applyAppearanceToBars()
}
