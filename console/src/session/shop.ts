/** What is the same for everybody in the shop. */
import { shallowRef } from 'vue'

/** The zone in which the shop counts days: that of the browser until the shop's is known. */
export const shopZone = shallowRef(Intl.DateTimeFormat().resolvedOptions().timeZone)
export const brandName = shallowRef('回客')

/** Asked once per sign-in. */
export async function learnShop() {}
