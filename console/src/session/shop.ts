/** What is the same for everybody in the shop. */
import { shallowRef } from 'vue'
import { answered, api } from '@/api/client'
import { may } from './session'

const KEY = 'huike.zone'

/** The zone in which the shop counts days; as it was last time, else that of the browser, until it is known. */
export const shopZone = shallowRef(localStorage.getItem(KEY) ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
export const brandName = shallowRef('回客')
/** What the suppliers put before a text message. */
export const shopSign = shallowRef('')
/** Where members reach this server; empty: messages carry no links of ours, undefined: not known. */
export const publicUrl = shallowRef<string | undefined>(undefined)
export const isDemo = shallowRef(false)
export const sandboxUrl = shallowRef<string | null>(null)

let asking: Promise<void> | null = null

/** Asked once per sign-in; who wants to wait for it may. */
export function learnShop(): Promise<void> {
  asking ??= ask().finally(() => (asking = null))
  return asking
}

/** The report of one day is the cheapest answer that names the zone. */
async function ask() {
  if (!may('ReadReports')) return
  const day = new Date().toISOString().slice(0, 10)
  try {
    const report = await answered(api.GET('/v1/console/reports/trade', { params: { query: { from: day, to: day } } }))
    shopZone.value = report.zone
    localStorage.setItem(KEY, report.zone)
  } catch {
    // Times stay in the zone that the page says.
  }
}
