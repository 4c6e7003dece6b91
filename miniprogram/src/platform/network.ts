/** Whether the phone has a network, as far as the phone knows; and in a browser, that the app opens without one. */
import { ref } from 'vue'

export const online = ref(true)

export function watchNetwork(): void {
  // #ifdef H5
  const look = (): boolean => (online.value = navigator.onLine)
  look()
  addEventListener('online', look)
  addEventListener('offline', look)
  if (import.meta.env.PROD && 'serviceWorker' in navigator) addEventListener('load', () => whenIdle(keepFiles))
  // #endif
  // #ifndef H5
  uni.getNetworkType({ success: ({ networkType }) => (online.value = networkType !== 'none') })
  uni.onNetworkStatusChange(({ isConnected }) => (online.value = isConnected))
  // #endif
}

// #ifdef H5
/** After the page's own work, which on a slow phone goes on beyond the load. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: 5000 })
  else setTimeout(work, 2000)
}

/** The files are fetched when the page has had its own; where a browser forbids it, the app needs a network to open. */
function keepFiles(): void {
  navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined)
}
// #endif
