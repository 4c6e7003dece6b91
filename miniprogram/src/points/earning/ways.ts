/** The rules in force, one way to earn after the other, in words. What the brand does not reward is not there. */
import type { Answer } from '@/api/call'
import { date } from '@/format/date'
import { count, yuan } from '@/format/money'
import { say } from '@/words'

export type Earning = Answer<'/v1/me/earning', 'get'>

export interface Way {
  title: string
  lines: string[]
  /** Where it is done. */
  page?: string
}

export function ways(earning: Earning): Way[] {
  const all: Way[] = [
    { title: say('points.earning.purchase'), lines: purchases(earning) },
    { title: say('points.earning.checkIn'), lines: checkIn(earning), page: 'points/check-in/index' },
    { title: say('points.earning.invite'), lines: invite(earning), page: 'points/invite/index' },
    { title: say('points.earning.surveys'), lines: surveys(earning), page: 'points/surveys/index' },
    { title: say('points.earning.expiry'), lines: [expiry(earning)] },
  ]
  return all.filter(({ lines }) => lines.length > 0)
}

function purchases({ per_yuan: perYuan, return_days: returnDays, tier, bonuses }: Earning): string[] {
  if (perYuan === 0) return []
  const lines = [say('points.earning.perYuan', { n: perYuan })]
  if (tier) lines.push(say('points.earn.tier', { tier: tier.name, n: tier.percent }))
  if (tier && tier.birthday_percent > tier.percent) lines.push(say('points.earn.birthday', { n: tier.birthday_percent }))
  lines.push(...bonuses.map(bonus))
  if (returnDays > 0) lines.push(say('points.earning.pending', { n: returnDays }))
  return lines
}

function bonus({ name, percent, until }: Earning['bonuses'][number]): string {
  const words = typeof percent === 'number' ? say('points.earning.bonus', { name, n: percent }) : say('points.earning.excluded', { name })
  // Noon: the day is the brand's, wherever the phone is.
  return until ? say('points.earning.bonusUntil', { words, day: date(`${until}T04:00:00Z`) }) : words
}

function checkIn({ check_in: policy }: Earning): string[] {
  if (!policy) return []
  const streaks = [...(policy.streaks ?? [])].sort((one, other) => one.days - other.days)
  return [say('points.earning.checkInDay', { n: count(policy.points) }), ...streaks.map(({ days, points }) => say('points.earning.streak', { days, n: count(points) }))]
}

function invite({ invite: policy }: Earning): string[] {
  if (!policy) return []
  const byPurchase = policy.reward_on === 'first_purchase'
  const lines = [say(byPurchase ? 'points.earning.invitePurchase' : 'points.earning.inviteJoin')]
  if (byPurchase && policy.least_fen) lines.push(say('points.earning.inviteLeast', { amount: yuan(policy.least_fen) }))
  if (policy.inviter_points > 0) lines.push(say('points.earning.inviter', { n: count(policy.inviter_points) }))
  if (policy.invited_points > 0) lines.push(say('points.earning.invited', { n: count(policy.invited_points) }))
  if (policy.most_in_30_days) lines.push(say('points.earning.inviteMost', { n: policy.most_in_30_days }))
  return lines
}

const surveys = ({ surveys: open }: Earning): string[] => open.filter(({ points }) => points > 0).map(({ name, points }) => say('points.earning.survey', { name, n: count(points) }))

function expiry({ expiry: rule }: Earning): string {
  if (rule.kind === 'never') return say('points.earning.expiry.never')
  if (rule.kind === 'days') return say('points.earning.expiry.days', { n: rule.days })
  const [unit, later] = rule.kind === 'month_end' ? (['month', rule.after_months ?? 0] as const) : (['year', rule.after_years ?? 0] as const)
  if (later === 0) return say(`points.earning.expiry.${unit}_end`)
  return later === 1 ? say(`points.earning.expiry.${unit}_next`) : say(`points.earning.expiry.${unit}_later`, { n: later })
}
