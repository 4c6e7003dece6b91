import type { Role } from '@/access'
import type { components } from '@/api/schema'
import type { WordKey } from '@/words'

export type Staff = components['schemas']['StaffView']

export const ROLES: { value: Role; hint: WordKey }[] = [
  { value: 'owner', hint: 'staff.roleHintOwner' },
  { value: 'marketer', hint: 'staff.roleHintMarketer' },
  { value: 'store_manager', hint: 'staff.roleHintManager' },
  { value: 'cashier', hint: 'staff.roleHintCashier' },
]

/** Shown once, to whoever passes it on. */
export interface OneTime {
  name: string
  login: string
  password: string
}
