/**
 * The two tokens of a session. The access token lives in memory alone and is gone with the page. The refresh token is kept for the
 * tab. README.md says why.
 */
import { shallowRef } from 'vue'
import type { components } from '@/api/schema'

type SignedIn = components['schemas']['SignedInView']

const KEY = 'huike.refresh'

export const accessToken = shallowRef('')
/** Called with each renewed session, and with null when it has ended. */
let onChange: (signedIn: SignedIn | null) => void = () => undefined

export function watchSession(listener: (signedIn: SignedIn | null) => void) {
  onChange = listener
}

export function keep(signedIn: SignedIn) {
  accessToken.value = signedIn.access_token
  sessionStorage.setItem(KEY, signedIn.refresh_token)
  onChange(signedIn)
}

export function forget() {
  accessToken.value = ''
  sessionStorage.removeItem(KEY)
  onChange(null)
}

let renewal: Promise<boolean> | null = null

/** New tokens; false when the session has ended. Many callers share one renewal, because a refresh token is good once. */
export function renew(): Promise<boolean> {
  renewal ??= askForNew().finally(() => (renewal = null))
  return renewal
}

async function askForNew(): Promise<boolean> {
  const refreshToken = sessionStorage.getItem(KEY)
  if (!refreshToken) return false
  let response: Response
  try {
    response = await fetch('/v1/auth/refresh', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: refreshToken }),
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
