/** What is the same for everybody in the shop. */
import { shallowRef } from 'vue'

/** The zone in which the shop counts days: that of the browser until the shop's is known. */
export const shopZone = shallowRef(Intl.DateTimeFormat().resolvedOptions().timeZone)
export const brandName = shallowRef('回客')
/** What the suppliers put before a text message. */
export const shopSign = shallowRef('')
/** Where members reach this server; empty: messages carry no links of ours, undefined: not known. */
export const publicUrl = shallowRef<string | undefined>(undefined)
export const isDemo = shallowRef(false)
export const sandboxUrl = shallowRef<string | null>(null)

/** Asked once per sign-in. */
export async function learnShop() {}
