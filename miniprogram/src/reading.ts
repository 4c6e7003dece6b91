/** Larger type, for who wants it: the app's own switch, or WeChat's size setting. */
import { computed, ref } from 'vue'
import { keep, recall } from '@/platform/storage'

const KEPT = 'large'
const chosen = ref(recall<boolean>(KEPT))

/** WeChat's ordinary size is 17. */
const ORDINARY = 17

function systemIsLarge(): boolean {
  // #ifdef MP-WEIXIN
  return (uni.getAppBaseInfo() as { fontSizeSetting?: number }).fontSizeSetting !== undefined
    && ((uni.getAppBaseInfo() as { fontSizeSetting?: number }).fontSizeSetting ?? ORDINARY) > ORDINARY
  // #endif
  // #ifndef MP-WEIXIN
  // Not the page's own size: uni-app makes that follow the width of the screen.
  const probe = document.createElement('span')
  probe.style.fontSize = 'medium'
  document.body.append(probe)
  const size = parseFloat(getComputedStyle(probe).fontSize)
  probe.remove()
  return size > ORDINARY + 1
  // #endif
}

export const largeText = computed(() => chosen.value ?? systemIsLarge())

export function chooseLargeText(on: boolean): void {
  chosen.value = on
  keep(KEPT, on)
}
