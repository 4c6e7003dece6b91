/**
 * Alipay's page, to which a browser goes as a whole and from which it comes back to this app. What must outlast the way is kept; nobody comes
 * back who did not set out from here. In WeChat there is no such page.
 */
import { forget, keep, recall } from './storage'

export interface Visit {
  challenge_id: string
  /** The wish for advertising, as the box stood. */
  marketing: boolean
}

/** How somebody came back. */
export interface Landing {
  state: string
  /** Absent: the person refused. */
  code?: string
  visit?: Visit
}

const KEPT = 'alipay.visit'

/** Where this browser is; Alipay sends people back to one place only. */
export function browserOrigin(): string | undefined {
  // #ifdef H5
  return location.origin
  // #endif
  // #ifndef H5
  return undefined
  // #endif
}

export function goToAlipay(address: string, visit: Visit): void {
  keep(KEPT, visit)
  // #ifdef H5
  location.assign(address)
  // #endif
  // #ifndef H5
  void address
  // #endif
}

let landing: Landing | undefined

/** Before the router looks at the address: the code leaves it, and the sign-in page is first. */
export function landFromAlipay(): void {
  // #ifdef H5
  const query = new URLSearchParams(location.search)
  const state = query.get('state')
  if (!state) return
  landing = { state, code: query.get('auth_code') ?? undefined, visit: recall<Visit>(KEPT) }
  forget(KEPT)
  history.replaceState(null, '', `${location.pathname}#/pages/sign-in/index`)
  // #endif
}

/** Once. */
export function takeLanding(): Landing | undefined {
  const taken = landing
  landing = undefined
  return taken
}
