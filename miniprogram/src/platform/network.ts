/** Whether the phone has a network, as far as the phone knows; and in a browser, that the app opens without one. */
import { ref } from 'vue'

export const online = ref(true)

export function watchNetwork(): void {
  // #ifdef H5
  const look = (): boolean => (online.value = navigator.onLine)
  look()
  addEventListener('online', look)
  addEventListener('offline', look)
  if (import.meta.env.PROD && 'serviceWorker' in navigator) addEventListener('load', keepFiles)
  // #endif
  // #ifndef H5
  uni.getNetworkType({ success: ({ networkType }) => (online.value = networkType !== 'none') })
  uni.onNetworkStatusChange(({ isConnected }) => (online.value = isConnected))
  // #endif
}

// #ifdef H5
/** The files are fetched when the page has had its own; where a browser forbids it, the app needs a network to open. */
function keepFiles(): void {
  navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(() => undefined)
}
// #endif
