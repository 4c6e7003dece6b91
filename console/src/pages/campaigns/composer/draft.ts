/** A campaign while it is written, and as the API takes it. */
import { clockOf, dayOf, instantOf } from '@/format/time'
import type { components } from '@/api/schema'
import type { Campaign, CampaignBody, Recurrence } from '../model'
import type { Channel, MessageDraft } from '../message/render'

export type Fallback = components['schemas']['FallbackStep']
export type Variant = components['schemas']['Variant']

export interface Draft {
  name: string
  topic: string
  couponTemplateId: string | null
  /** Days and times of the shop's clock; empty: none. */
  offerEndsDay: string
  offerEndsTime: string
  segmentId: string
  channel: Channel
  message: MessageDraft
  variants: Variant[]
  fallback: Fallback[]
  onCap: 'drop' | 'defer' | 'next_channel'
  holdoutPercent: number
  experiment: string
  attributionDays: number
  ratePerSecond: number | null
  budgetFen: number | null
  priority: number
  weight: number
  start: 'now' | 'at' | 'recurring'
  startDay: string
  startTime: string
  recurrence: Recurrence
  /** What this page doesn't show, kept as it was. */
  class: NonNullable<CampaignBody['class']>
  lane: NonNullable<CampaignBody['lane']>
}

export function emptyDraft(): Draft {
  return {
    name: '',
    topic: 'offers',
    couponTemplateId: null,
    offerEndsDay: '',
    offerEndsTime: '23:59',
    segmentId: '',
    channel: 'wechat_subscribe',
    message: emptyMessage('wechat_subscribe'),
    variants: [],
    fallback: [],
    onCap: 'drop',
    holdoutPercent: 10,
    experiment: '',
    attributionDays: 7,
    ratePerSecond: null,
    budgetFen: null,
    priority: 5,
    weight: 1,
    start: 'at',
    startDay: '',
    startTime: '10:00',
    recurrence: { every: 'week', at: '10:00', weekdays: [6], days: [] },
    class: 'marketing',
    lane: 'campaign',
  }
}

export function emptyMessage(channel: Channel): MessageDraft {
  if (channel === 'inbox') return { title: '', body: '', page: 'pages/coupons/index', parameters: {} }
  if (channel === 'sms') return { template_id: '', body: '', parameters: {} }
  return { template_id: '', page: 'pages/coupons/index', parameters: {} }
}

export function draftOf(campaign: Campaign): Draft {
  const at = campaign.scheduled_at
  return {
    name: campaign.name,
    topic: campaign.topic,
    couponTemplateId: campaign.coupon_template_id ?? null,
    offerEndsDay: campaign.offer_ends_at ? dayOf(campaign.offer_ends_at) : '',
    offerEndsTime: campaign.offer_ends_at ? clockOf(campaign.offer_ends_at) : '23:59',
    segmentId: campaign.segment_id,
    channel: campaign.channel,
    message: copy(campaign.message),
    variants: copy(campaign.variants),
    fallback: copy(campaign.fallback),
    onCap: campaign.on_cap,
    holdoutPercent: campaign.holdout_percent,
    experiment: campaign.experiment ?? '',
    attributionDays: campaign.attribution_days,
    ratePerSecond: campaign.rate_per_second ?? null,
    budgetFen: campaign.budget_fen ?? null,
    priority: campaign.priority,
    weight: campaign.weight,
    start: campaign.recurrence ? 'recurring' : 'at',
    startDay: at ? dayOf(at) : '',
    startTime: at ? clockOf(at) : '10:00',
    recurrence: campaign.recurrence ? copy(campaign.recurrence) : emptyDraft().recurrence,
    class: campaign.class,
    lane: campaign.lane,
  }
}

export function bodyOf(draft: Draft): CampaignBody {
  return {
    name: draft.name.trim(),
    topic: draft.topic.trim(),
    segment_id: draft.segmentId,
    channel: draft.channel,
    class: draft.class,
    lane: draft.lane,
    message: trimmed(draft.message),
    coupon_template_id: draft.couponTemplateId,
    offer_ends_at: draft.offerEndsDay
      ? instantOf(draft.offerEndsDay, draft.offerEndsTime || '23:59').toISOString()
      : null,
    rate_per_second: draft.ratePerSecond,
    holdout_percent: draft.holdoutPercent,
    on_cap: draft.onCap === 'next_channel' && draft.fallback.length === 0 ? 'drop' : draft.onCap,
    weight: draft.weight,
    priority: draft.priority,
    fallback: draft.fallback.map((step) => ({ ...step, message: trimmed(step.message) })),
    variants: draft.variants.map((variant) => ({ ...variant, message: trimmed(variant.message) })),
    experiment: draft.experiment.trim() || null,
    budget_fen: draft.budgetFen,
    recurrence: draft.start === 'recurring' ? recurrenceOf(draft.recurrence) : null,
    attribution_days: draft.attributionDays,
  }
}

/** When to schedule it for; null: now, or by its calendar. */
export function startOfDraft(draft: Draft): Date | null {
  return draft.start === 'at' && draft.startDay ? instantOf(draft.startDay, draft.startTime) : null
}

/** The lists that its kind has no use for are left out: the API refuses them. */
function recurrenceOf(recurrence: Recurrence): Recurrence {
  const { every, at, until } = recurrence
  return {
    every,
    at,
    ...(every === 'week' ? { weekdays: recurrence.weekdays } : {}),
    ...(every === 'month' ? { days: recurrence.days } : {}),
    ...(until ? { until } : {}),
  }
}

/** Empty texts are absent, so that the API says what is missing rather than what is empty. */
function trimmed(message: MessageDraft): MessageDraft {
  const kept = Object.entries(message).filter(([, value]) => value !== '' && value !== null && value !== undefined)
  return { parameters: {}, ...Object.fromEntries(kept) } as MessageDraft
}

/** Also of what Vue has made reactive. */
export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
