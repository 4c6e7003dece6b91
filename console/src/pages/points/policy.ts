/** The points policy as its form edits it, and what is wrong with it. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Policy = Schemas['PointsPolicy']
export type EarnRule = Schemas['EarnRule']
export type Conditions = Schemas['EarnConditions']
export type ExpiryKind = Schemas['Expiry']['kind']

export interface RuleDraft {
  key: number
  name: string
  conditions: Conditions
  isExcluding: boolean
  percent: number | null
}

export interface PolicyDraft {
  per_yuan: number | null
  return_days: number | null
  expiry: ExpiryKind
  expiry_number: number | null
  grace_days: number | null
  shortage: Schemas['ShortagePolicy']
  fen_per_100: number | null
  combine: Schemas['Combine']
  review_above: number | null
  remind_days: number | null
  has_check_in: boolean
  check_in_points: number | null
  streaks: { days: number | null; points: number | null }[]
  has_invite: boolean
  reward_on: Schemas['InviteAct']
  inviter_points: number | null
  invited_points: number | null
  invite_least_fen: number | null
  invite_most: number | null
  sharing: boolean
  sharing_points: number | null
  warning_read: boolean
  rules: RuleDraft[]
}

const DOUBLE = 200

let last = 0
const nextKey = () => (last += 1)

export const noConditions = (): Conditions => ({
  stores: [],
  categories: [],
  products: [],
  tiers: [],
  weekdays: [],
  days_of_month: [],
  from: null,
  until: null,
  birthday: null,
  least_fen: null,
})

export function newRule(): RuleDraft {
  return { key: nextKey(), name: '', conditions: noConditions(), isExcluding: false, percent: DOUBLE }
}

/** Of the kinds of expiry three have a number. */
function expiryNumber(expiry: Schemas['Expiry']): number | null {
  if (expiry.kind === 'days') return expiry.days
  if (expiry.kind === 'month_end') return expiry.after_months ?? 0
  return expiry.kind === 'year_end' ? (expiry.after_years ?? 0) : null
}

export function draftOf(policy: Policy): PolicyDraft {
  const expiry = policy.expiry ?? { kind: 'never' as const }
  const { check_in, invite, sharing } = policy
  return {
    per_yuan: policy.per_yuan ?? 1,
    return_days: policy.return_days ?? 0,
    expiry: expiry.kind,
    expiry_number: expiryNumber(expiry),
    grace_days: policy.grace_days ?? 1,
    shortage: policy.shortage ?? 'debt',
    fen_per_100: policy.fen_per_100 ?? 0,
    combine: policy.combine ?? 'highest',
    review_above: policy.review_above ?? 0,
    remind_days: policy.remind_days ?? 0,
    has_check_in: Boolean(check_in),
    check_in_points: check_in?.points ?? 1,
    streaks: (check_in?.streaks ?? []).map((streak) => ({ ...streak })),
    has_invite: Boolean(invite),
    reward_on: invite?.reward_on ?? 'first_purchase',
    inviter_points: invite?.inviter_points ?? 0,
    invited_points: invite?.invited_points ?? 0,
    invite_least_fen: invite?.least_fen || null,
    invite_most: invite?.most_in_30_days ?? 10,
    sharing: sharing?.enabled ?? false,
    sharing_points: sharing?.points ?? 0,
    warning_read: sharing?.warning_read ?? false,
    rules: (policy.rules ?? []).map((rule) => ({
      key: nextKey(),
      name: rule.name,
      conditions: { ...noConditions(), ...rule.when },
      isExcluding: rule.effect === 'exclude',
      percent: rule.effect === 'exclude' ? DOUBLE : rule.effect.percent,
    })),
  }
}

function expiryOf(draft: PolicyDraft): Schemas['Expiry'] {
  const number = draft.expiry_number ?? 0
  switch (draft.expiry) {
    case 'days':
      return { kind: 'days', days: number }
    case 'month_end':
      return { kind: 'month_end', after_months: number }
    case 'year_end':
      return { kind: 'year_end', after_years: number }
    default:
      return { kind: 'never' }
  }
}

export function policyOf(draft: PolicyDraft): Policy {
  return {
    per_yuan: draft.per_yuan ?? 0,
    return_days: draft.return_days ?? 0,
    expiry: expiryOf(draft),
    grace_days: draft.grace_days ?? 1,
    shortage: draft.shortage,
    fen_per_100: draft.fen_per_100 ?? 0,
    combine: draft.combine,
    review_above: draft.review_above ?? 0,
    remind_days: draft.remind_days ?? 0,
    check_in: draft.has_check_in
      ? {
          points: draft.check_in_points ?? 1,
          streaks: draft.streaks.flatMap(({ days, points }) => (days && points ? [{ days, points }] : [])),
        }
      : null,
    invite: draft.has_invite
      ? {
          reward_on: draft.reward_on,
          inviter_points: draft.inviter_points ?? 0,
          invited_points: draft.invited_points ?? 0,
          least_fen: draft.invite_least_fen ?? 0,
          most_in_30_days: draft.invite_most ?? 1,
        }
      : null,
    sharing: { enabled: draft.sharing, points: draft.sharing_points ?? 0, warning_read: draft.warning_read },
    rules: draft.rules.map((rule) => ({
      name: rule.name.trim(),
      when: tidy(rule.conditions),
      effect: rule.isExcluding ? 'exclude' : { percent: rule.percent ?? DOUBLE },
    })),
  }
}

function tidy(conditions: Conditions): Conditions {
  return {
    ...conditions,
    categories: conditions.categories?.filter(Boolean),
    products: conditions.products?.filter(Boolean),
  }
}

export type Fault = 'missing' | 'ruleName' | 'sharing' | 'expiry'

/** The first thing that keeps it from being saved. */
export function faultOf(draft: PolicyDraft): Fault | null {
  const numbers = [draft.per_yuan, draft.return_days, draft.grace_days, draft.fen_per_100, draft.review_above, draft.remind_days]
  if (numbers.includes(null)) return 'missing'
  if (draft.expiry !== 'never' && draft.expiry_number === null) return 'expiry'
  if (draft.expiry === 'days' && !draft.expiry_number) return 'expiry'
  if (draft.rules.some((rule) => !rule.name.trim() || (!rule.isExcluding && rule.percent === null))) return 'ruleName'
  return draft.sharing && !draft.warning_read ? 'sharing' : null
}
