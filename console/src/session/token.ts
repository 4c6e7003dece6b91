/**
 * The two tokens of a session. The access token lives in memory alone and is gone with the page. The refresh token stands in a cookie
 * that no script can read, and renews the other one. README.md says why.
 */
import { shallowRef } from 'vue'
import type { components } from '@/api/schema'

type SignedIn = components['schemas']['SignedInView']

/** Whether this browser has signed in and not out: spares a question to which the answer is no. */
const HINT = 'huike.signed-in'
const LOCK = 'huike.renewal'

export const accessToken = shallowRef('')
/** Called with each renewed session, and with null when it has ended. */
let onChange: (signedIn: SignedIn | null) => void = () => undefined

export function watchSession(listener: (signedIn: SignedIn | null) => void) {
  onChange = listener
}

export function keep(signedIn: SignedIn) {
  accessToken.value = signedIn.access_token
  localStorage.setItem(HINT, '1')
  onChange(signedIn)
}

export function forget() {
  accessToken.value = ''
  localStorage.removeItem(HINT)
  onChange(null)
}

let renewal: Promise<boolean> | null = null

/**
 * A new access token; false when the session has ended. A refresh token is good once, so the callers of this page share one renewal
 * and the tabs of this browser take turns.
 */
export function renew(): Promise<boolean> {
  renewal ??= inTurn(askForNew).finally(() => (renewal = null))
  return renewal
}

/** Locks are absent where a page is served without TLS. */
async function inTurn(act: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks ? await navigator.locks.request(LOCK, act) : await act()
}

async function askForNew(): Promise<boolean> {
  if (!localStorage.getItem(HINT)) return false
  let response: Response
  try {
    response = await fetch('/v1/auth/refresh', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      // The answer brings the next cookie: it must reach the browser even when the page has been left meanwhile.
      keepalive: true,
    })
  } catch {
    // Off line is not signed out.
    return false
  }
  if (response.ok) {
    keep((await response.json()) as SignedIn)
    return true
  }
  if (response.status < 500 && response.status !== 429) forget()
  return false
}
