/** The policy as the form holds it, and what of it can be saved. */
import type { components } from '@/api/schema'

export type Policy = components['schemas']['Policy']
export type CapRule = components['schemas']['CapRule']
export type Channel = components['schemas']['Channel']

export const CHANNELS: Channel[] = ['wechat_subscribe', 'sms', 'inbox']
export const PERIODS = ['per_24_hours', 'per_7_days', 'per_calendar_day'] as const

/** Every field filled, so that what is compared and sent is whole. */
export function wholePolicy(policy: Policy): Policy {
  return {
    caps: { ...policy.caps },
    cap_rules: (policy.cap_rules ?? []).map(wholeRule),
    quiet_hours: { ...policy.quiet_hours },
    sms_segment_fen: policy.sms_segment_fen ?? 0,
    budgets: { month_fen: policy.budgets?.month_fen ?? null, brand_fen: policy.budgets?.brand_fen ?? null },
    review_campaigns: policy.review_campaigns ?? false,
    review_above_members: policy.review_above_members ?? null,
  }
}

export function wholeRule(rule: CapRule): CapRule {
  return {
    class: rule.class ?? null,
    topic: rule.topic ?? null,
    channel: rule.channel ?? null,
    per_24_hours: rule.per_24_hours ?? 0,
    per_7_days: rule.per_7_days ?? 0,
    per_calendar_day: rule.per_calendar_day ?? 0,
  }
}

export function newRule(): CapRule {
  return wholeRule({ channel: 'sms', per_7_days: 1 })
}

export function isQuiet(policy: Policy): boolean {
  return policy.quiet_hours.start !== policy.quiet_hours.end
}

export function isOvernight({ start, end }: Policy['quiet_hours']): boolean {
  return start > end
}

export function isSame(one: Policy, other: Policy): boolean {
  return JSON.stringify(wholePolicy(one)) === JSON.stringify(wholePolicy(other))
}
