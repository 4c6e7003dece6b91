/** What was changed of the profile. The server keeps what is absent and clears what is null, so only changes are sent. */
import type { components } from '@/api/schema'

export type Me = components['schemas']['MeView']
export type Change = components['schemas']['ChangeMe']
export type Form = Required<Pick<Change, 'name' | 'gender' | 'birthday' | 'home_store_id' | 'occupation'>>

export const formOf = (me: Me): Form => ({
  name: me.name ?? null,
  gender: me.gender ?? null,
  birthday: me.birthday ?? null,
  home_store_id: me.home_store_id ?? null,
  occupation: me.occupation ?? null,
})

/** Blanks around what was typed are none of it, and blanks alone are nothing. */
const tidy = (form: Form): Form => ({ ...form, name: form.name?.trim() || null, occupation: form.occupation?.trim() || null })

export function changes(me: Me, form: Form): Change {
  const before = formOf(me)
  const after = tidy(form)
  const changed = Object.entries(after).filter(([field, value]) => before[field as keyof Form] !== value)
  return Object.fromEntries(changed)
}
