/** Staff pages opened by whoever is not signed in, or has a password to change first, lead to where that is done. */
import { isStaff } from '@/api/session'
import { desk, mustSettle } from './desk'

const go = (page: string): void => void uni.redirectTo({ url: `/staff/${page}/index` })

/** Whether the page may go on. */
export function admitted(): boolean {
  if (!isStaff.value) go('sign-in')
  else if (mustSettle.value) go('account')
  return isStaff.value && !mustSettle.value
}

/** The same for pages that belong to a store. */
export function atDesk(): boolean {
  if (!admitted()) return false
  if (!desk.value) go('till')
  return desk.value !== undefined
}
