/** What needs a person, in words, and where to see to it. */
import type { RouteLocationRaw } from 'vue-router'
import type { components } from '@/api/schema'
import { formatTime } from '@/format/time'
import type { Tone } from '@/parts/Chip.vue'
import { t, tCode } from '@/words'

export type Need = components['schemas']['NeedView']

/** What stops something first, then what runs out. */
const TONES: Record<string, Tone> = {
  campaign_paused: 'bad',
  dead_letters: 'bad',
  points_differ: 'bad',
  offline_conflicts: 'bad',
  complaints_due: 'warn',
  adjustments_waiting: 'warn',
  stock_low: 'warn',
  offer_ends: 'warn',
  consent_low: 'warn',
}

const ENDS = ['offer_ends', 'complaints_due']

export function toneOf(need: Need): Tone {
  return TONES[need.kind] ?? 'warn'
}

export function wordsOf(need: Need): string {
  return tCode('today', need.kind, { n: need.count, name: need.name ?? '' })
}

export function timeOf(need: Need): string {
  if (!need.at) return ''
  return t(ENDS.includes(need.kind) ? 'today.until' : 'today.since', { time: formatTime(need.at) })
}

export function placeOf(need: Need): RouteLocationRaw {
  const params = { id: need.id ?? '' }
  switch (need.kind) {
    case 'campaign_paused':
      return { name: 'campaign', params }
    case 'dead_letters':
      return { name: 'letters' }
    case 'adjustments_waiting':
      return { name: 'points', query: { tab: 'adjustments' } }
    case 'points_differ':
      return { name: 'points', query: { tab: 'checks' } }
    case 'stock_low':
    case 'offer_ends':
      return { name: 'coupon', params }
    case 'consent_low':
      return { name: 'settings', query: { tab: 'templates' } }
    case 'complaints_due':
      return { name: 'feedback', query: { tab: 'due' } }
    case 'offline_conflicts':
      return { name: 'coupons', query: { tab: 'conflicts' } }
    default:
      return { name: 'home' }
  }
}
