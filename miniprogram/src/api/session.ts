/**
 * Who is signed in on this phone: a member, staff, or both. Access tokens last minutes; a refresh token is good once and gives
 * the next pair.
 *
 * Invariants: at most one refresh of a kind is under way; it carries a key that was kept with the token, so that an answer that
 * got lost, or a second window of the same browser, gets the same pair again instead of ending the session as a stolen one.
 * Written by sign-in and here; read by `call`.
 */
import { computed, ref, type Ref } from 'vue'
import { now } from '@/clock'
import { forget, keep, recall } from '@/platform/storage'
import { asProblem } from './problem'
import type { components } from './schema'
import { send } from './send'
import { uuid } from './uuid'

export type Kind = 'member' | 'staff'
export type SignedIn = components['schemas']['SignedInView']

interface Session {
  access: string
  refresh: string
  /** Milliseconds since 1970. */
  expiresAt: number
  /** Goes with the next refresh, however often it is tried. */
  refreshKey: string
}

/** A token is renewed a little before its end, so that it does not end on the way. */
const MARGIN_MS = 20_000

const sessions: Record<Kind, Ref<Session | undefined>> = {
  member: ref(recall<Session>('session.member')),
  staff: ref(recall<Session>('session.staff')),
}
const refreshing: Partial<Record<Kind, Promise<string | undefined>>> = {}
const farewells: Record<Kind, Array<() => void>> = { member: [], staff: [] }

export const isMember = computed(() => sessions.member.value !== undefined)
export const isStaff = computed(() => sessions.staff.value !== undefined)

export function begin(kind: Kind, signedIn: SignedIn): void {
  const session: Session = {
    access: signedIn.access_token,
    refresh: signedIn.refresh_token ?? '',
    expiresAt: now() + signedIn.expires_in * 1000,
    refreshKey: uuid(),
  }
  sessions[kind].value = session
  keep(`session.${kind}`, session)
}

/** Forgets the session on this phone, and what others kept for it. */
export function end(kind: Kind): void {
  if (sessions[kind].value === undefined) return
  sessions[kind].value = undefined
  forget(`session.${kind}`)
  farewells[kind].forEach((farewell) => farewell())
}

/** What must be forgotten with a session: the kept card, the queue of a till. */
export function onEnd(kind: Kind, farewell: () => void): void {
  farewells[kind].push(farewell)
}

/** A token that is good now; undefined when nobody of this kind is signed in. */
export async function tokenOf(kind: Kind): Promise<string | undefined> {
  const session = sessions[kind].value
  if (!session) return undefined
  return session.expiresAt - MARGIN_MS > now() ? session.access : renew(kind)
}

/** After a 401 with `refusedToken`: another one, unless it has been renewed meanwhile. */
export async function tokenAfter(kind: Kind, refusedToken: string): Promise<string | undefined> {
  const session = sessions[kind].value
  if (session && session.access !== refusedToken) return session.access
  return renew(kind)
}

export function renew(kind: Kind): Promise<string | undefined> {
  refreshing[kind] ??= renewOnce(kind).finally(() => delete refreshing[kind])
  return refreshing[kind]
}

async function renewOnce(kind: Kind): Promise<string | undefined> {
  // Another window may have renewed it: what is kept is newer than what is in memory.
  const kept = recall<Session>(`session.${kind}`)
  const session = sessions[kind].value
  if (!session) return undefined
  if (kept && kept.access !== session.access) {
    sessions[kind].value = kept
    if (kept.expiresAt - MARGIN_MS > now()) return kept.access
  }
  return exchange(kind, kept ?? session)
}

async function exchange(kind: Kind, session: Session): Promise<string | undefined> {
  try {
    const { body } = await send({ method: 'post', path: '/v1/auth/refresh', body: { refresh_token: session.refresh }, key: session.refreshKey })
    begin(kind, body as SignedIn)
    return (body as SignedIn).access_token
  } catch (cause) {
    const problem = asProblem(cause)
    if (problem.passes) throw problem
    end(kind)
    return undefined
  }
}

export async function signOut(kind: Kind): Promise<void> {
  const session = sessions[kind].value
  if (!session) return
  try {
    await send({ method: 'post', path: '/v1/auth/logout', token: session.access })
  } catch {
    // Without a network the session still ends on this phone; the server's ends by itself.
  }
  end(kind)
}
