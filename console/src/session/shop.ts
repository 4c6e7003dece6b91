/** What is the same for everybody in the shop. */
import { shallowRef } from 'vue'
import { answered, api } from '@/api/client'

const KEY = 'huike.zone'

/** The zone in which the shop counts days; as it was last time, else that of the browser, until it is known. */
export const shopZone = shallowRef(localStorage.getItem(KEY) ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
export const brandName = shallowRef('回客')
/** What the suppliers put before a text message. */
export const shopSign = shallowRef('')
/** Where members reach this server; empty: messages carry no links of ours, undefined: not known. */
export const publicUrl = shallowRef<string | undefined>(undefined)
export const isDemo = shallowRef(false)
/** Where the virtual phones of a demo are. */
export const sandboxUrl = shallowRef<string | null>(null)

let asking: Promise<void> | null = null

/** Asked once per sign-in; who wants to wait for it may. */
export function learnShop(): Promise<void> {
  asking ??= ask().finally(() => (asking = null))
  return asking
}

async function ask() {
  try {
    const shop = await answered(api.GET('/v1/console/shop'))
    shopZone.value = shop.zone
    localStorage.setItem(KEY, shop.zone)
    brandName.value = shop.brand_name
    shopSign.value = shop.sms_sign_name ?? ''
    publicUrl.value = shop.public_url ?? ''
    isDemo.value = shop.is_demo
    sandboxUrl.value = shop.sandbox_url ?? null
  } catch {
    // Times stay in the zone that the page says.
  }
}
