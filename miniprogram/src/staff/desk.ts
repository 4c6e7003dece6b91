/** Who stands at this till and in which store. Kept, so that a till that loses its network still knows. */
import { computed, ref } from 'vue'
import { call } from '@/api/call'
import type { components } from '@/api/schema'
import { begin, onEnd, type SignedIn } from '@/api/session'
import { forget, keep, recall } from '@/platform/storage'
import { learnStores, shortName, stores } from '@/stores'

export type Staff = components['schemas']['StaffView']

interface Desk {
  id: string
  name: string
}

const KEPT_ME = 'staff.me'
const KEPT_STORE = 'staff.store'

export const me = ref<Staff | undefined>(recall<Staff>(KEPT_ME))
const chosen = ref<Desk | undefined>(recall<Desk>(KEPT_STORE))

onEnd('staff', () => {
  me.value = undefined
  forget(KEPT_ME)
})

/** The stores that this person may serve in; who has none named may serve in all. */
export const choices = computed<Desk[]>(() => {
  const mine = me.value?.store_ids ?? []
  return Object.values(stores.value)
    .filter((store) => mine.length === 0 || mine.includes(store.id))
    .map((store) => ({ id: store.id, name: shortName(store.name) }))
})

/** Undefined until one is chosen; with a single choice there is nothing to choose. */
export const desk = computed<Desk | undefined>(() => {
  const mine = me.value?.store_ids ?? []
  const permitted = chosen.value && (mine.length === 0 || mine.includes(chosen.value.id)) ? chosen.value : undefined
  return permitted ?? (choices.value.length === 1 ? choices.value[0] : undefined)
})

export function sitDown(at: Desk): void {
  chosen.value = at
  keep(KEPT_STORE, at)
}

function remember(staff: Staff): void {
  me.value = staff
  keep(KEPT_ME, staff)
}

export function welcome(signedIn: SignedIn): void {
  begin('staff', signedIn)
  if (signedIn.staff) remember(signedIn.staff)
}

/** Also after a change of password or second factor, which decide what is permitted. */
export async function learnMe(): Promise<void> {
  remember(await call('get', '/v1/staff/me'))
}

export async function learnDesk(): Promise<void> {
  await Promise.allSettled([learnMe(), learnStores()])
  const only = desk.value
  if (only && chosen.value?.id !== only.id) sitDown(only)
}

/** Until then the server permits nothing else. */
export const mustSettle = computed(() => me.value !== undefined && (me.value.must_change_password || me.value.must_turn_on_second_factor))
