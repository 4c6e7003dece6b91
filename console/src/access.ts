/**
 * What each role may do: the mirror of `service/src/staff/permission.rs`. The API decides; this table only keeps from view what it
 * would refuse. `test/access.test.ts` holds both tables together.
 */
import type { components } from '@/api/schema'

export type Role = components['schemas']['StaffRole']

export const PERMISSIONS = [
  'ServeMembers',
  'ReverseLater',
  'ReadMembers',
  'WriteMembers',
  'RevealPhones',
  'AnswerDataRequests',
  'MergeMembers',
  'ReadStores',
  'WriteStores',
  'ReadStaff',
  'WriteStaff',
  'ReadCoupons',
  'WriteCoupons',
  'ReadCampaigns',
  'WriteCampaigns',
  'ApproveCampaigns',
  'ReadReports',
  'AnalyseMembers',
  'ReadSettings',
  'WriteSettings',
  'ReadAudit',
  'HandleDeadLetters',
  'HandleFeedback',
] as const

export type Permission = (typeof PERMISSIONS)[number]

const GRANTED: Record<Role, readonly Permission[]> = {
  owner: PERMISSIONS,
  marketer: [
    'ReadMembers',
    'WriteMembers',
    'ReadStores',
    'ReadCoupons',
    'WriteCoupons',
    'ReadCampaigns',
    'WriteCampaigns',
    'ApproveCampaigns',
    'ReadReports',
    'AnalyseMembers',
    'ReadSettings',
    'HandleFeedback',
  ],
  store_manager: [
    'ServeMembers',
    'ReverseLater',
    'ReadMembers',
    'MergeMembers',
    'ReadStores',
    'ReadStaff',
    'ReadCoupons',
    'ReadCampaigns',
    'ReadReports',
    'HandleFeedback',
  ],
  cashier: ['ServeMembers', 'ReadStores', 'ReadCoupons'],
}

export function isGranted(role: Role, permission: Permission): boolean {
  return GRANTED[role].includes(permission)
}

/** Cashiers work with the staff pages of the mini-program. */
export function usesConsole(role: Role): boolean {
  return role !== 'cashier'
}
