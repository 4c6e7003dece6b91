/** A browser fetches a page when it is opened; the code's must be there already once the network is gone. */
export function fetchCodePage(): void {
  // #ifdef H5
  void import('@/pages/code/index.vue').catch(() => undefined)
  // #endif
}
