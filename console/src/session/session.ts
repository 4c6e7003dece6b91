/** Who is signed in, and what they may do. */
import { computed, shallowRef } from 'vue'
import { api, answered } from '@/api/client'
import type { components } from '@/api/schema'
import { isGranted, type Permission } from '@/access'
import { accessToken, forget, keep, renew, watchSession } from './token'

export type Staff = components['schemas']['StaffView']

export const staff = shallowRef<Staff | null>(null)
export const role = computed(() => staff.value?.role ?? null)
export const mustTurnOnSecondFactor = computed(() => staff.value?.must_turn_on_second_factor ?? false)
export const mustChangePassword = computed(() => staff.value?.must_change_password ?? false)

/** Whether the session before ended because its person left: then there is nothing to say, and no page to come back to. */
export const hasLeft = shallowRef(false)

watchSession((signedIn) => {
  if (signedIn) hasLeft.value = false
  staff.value = signedIn?.staff ?? null
})

export function may(permission: Permission): boolean {
  return staff.value !== null && isGranted(staff.value.role, permission)
}

/** `code` is asked for by the refusal `second_factor_required`. */
export async function signIn(login: string, password: string, code: string | null = null) {
  const body = { login, password, second_factor: code, keep: 'cookie' as const }
  keep(await answered(api.POST('/v1/staff/auth', { body })))
}

/** Picks the session of this browser up again after a reload. */
export async function restoreSession() {
  await renew()
}

export async function changePassword(current: string, fresh: string) {
  await answered(api.POST('/v1/staff/password', { body: { current, new: fresh } }))
  await learnSelf()
}

/** Asks who is signed in again, after one changed something about oneself. */
export async function learnSelf() {
  staff.value = await answered(api.GET('/v1/staff/me'))
}

export async function signOut() {
  try {
    if (accessToken.value) await answered(api.POST('/v1/auth/logout'))
  } finally {
    hasLeft.value = true
    forget()
  }
}
