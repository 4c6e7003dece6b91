/** An entry of a member's timeline in words: what, and beside it how much, by whom and why. */
import type { components } from '@/api/schema'
import { formatMoney } from '@/format/number'
import { signed } from '@/parts/signed'
import type { Tone } from '@/parts/Chip.vue'
import { t, tCode } from '@/words'

export type Entry = components['schemas']['TimelineEntryView']

export function titleOf(entry: Entry): string {
  const { kind, subject, code } = entry
  switch (kind) {
    case 'points':
      return t('members.did_points', { what: tCode('members', `points_${code ?? ''}`) })
    case 'tier_changed':
      return t('members.did_tier_changed', { tier: subject ?? '', how: tCode('members', `move_${code ?? ''}`) })
    case 'coupon_redeemed':
      return t(code === 'reversed' ? 'members.did_reversed' : 'members.did_coupon_redeemed', { store: subject ?? '' })
    case 'coupon_claimed':
      return t('members.did_coupon_claimed', { name: subject ?? '', way: tCode('members', `way_${code ?? ''}`) })
    case 'notice':
      return t('members.did_notice', { kind: tCode('notices', subject ?? '') })
    case 'opt_out':
      return t('members.did_opt_out', { what: whatOf(subject ?? ''), change: tCode('members', `opt_${code ?? ''}`) })
    case 'act':
      return tCode('audit', code ?? '', { name: '' })
    case 'enrolled':
      return t('members.did_enrolled', { source: tCode('members', `source_${code ?? ''}`) })
    default:
      return t(`members.did_${kind}`, { name: subject ?? '' })
  }
}

/** Channel and topic of an opt-out; `*` is all of them. */
function whatOf(subject: string): string {
  const [channel = '', topic = ''] = subject.split('/')
  const named = channel === '*' || channel === 'all' ? t('members.allChannels') : tCode('notices', channel)
  return topic && topic !== '*' && topic !== 'all' ? `${named} · ${topic}` : named
}

/** The amount and the points that it moved. */
export function figuresOf(entry: Entry): string {
  const money = entry.amount_fen
  const amount = money ? (entry.kind === 'refund' || entry.kind === 'coupon_redeemed' ? `−${formatMoney(money)}` : formatMoney(money)) : ''
  const points = entry.points ? t('members.pointsSigned', { n: signed(entry.points) }) : ''
  return [amount, points].filter(Boolean).join(' · ')
}

export function reasonOf(entry: Entry): string {
  const { kind, reason } = entry
  if (!reason) return ''
  if (kind === 'message' || kind === 'notice') return tCode('reasons', reason)
  if (kind === 'opt_out') return ''
  return kind === 'purchase' ? t('members.orderLine', { number: reason }) : reason
}

const GOOD = ['sent', 'delivered']
const BAD = ['failed', 'bounced', 'unknown']

/** How a message ended; null for what is no message. */
export function outcomeOf(entry: Entry): { words: string; tone: Tone } | null {
  const { kind, code } = entry
  if ((kind !== 'message' && kind !== 'notice') || !code) return null
  const tone: Tone = GOOD.includes(code) ? 'good' : BAD.includes(code) ? 'bad' : 'plain'
  return { words: tCode('notices', code === 'sent' ? 'sent_state' : code), tone }
}

/** What the dot beside an entry is coloured by. */
export function familyOf(entry: Entry): 'trade' | 'coupon' | 'points' | 'message' | 'act' {
  switch (entry.kind) {
    case 'purchase':
    case 'refund':
      return 'trade'
    case 'coupon_claimed':
    case 'coupon_redeemed':
      return 'coupon'
    case 'points':
    case 'tier_changed':
      return 'points'
    case 'message':
    case 'notice':
      return 'message'
    default:
      return 'act'
  }
}
