/** Staff pages opened by whoever is not signed in, has a password to change first or stands in no store yet lead to where that is done, and from there on to what was asked for. */
import { isStaff } from '@/api/session'
import { here } from '@/platform/route'
import { desk, mustSettle } from './desk'

let asked: string | undefined

const go = (page: string): void => void uni.redirectTo({ url: `/staff/${page}/index` })

function leadTo(page: string): void {
  asked = here()
  go(page)
}

/** Whether the page may go on. */
export function admitted(): boolean {
  if (!isStaff.value) leadTo('sign-in')
  else if (mustSettle.value) leadTo('account')
  return isStaff.value && !mustSettle.value
}

/** The same for pages that belong to a store. */
export function atDesk(): boolean {
  if (!admitted()) return false
  if (!desk.value) leadTo('till')
  return desk.value !== undefined
}

function takeAsked(): string | undefined {
  const url = asked
  asked = undefined
  return url
}

/** In place of a page that has done its part. */
export function goOn(): void {
  if (mustSettle.value) return go('account')
  const url = takeAsked()
  if (url) void uni.redirectTo({ url })
  else go('till')
}

/** From the till, which stays below. */
export function goOnFromTill(): void {
  const url = takeAsked()
  if (url && url !== here()) void uni.navigateTo({ url })
}
