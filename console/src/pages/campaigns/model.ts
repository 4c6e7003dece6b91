/** Campaigns as the pages see them. */
import type { components } from '@/api/schema'
import type { Tone } from '@/parts/Chip.vue'
import { tCode } from '@/words'

export type Campaign = components['schemas']['CampaignView']
export type CampaignBody = components['schemas']['CampaignBody']
export type CampaignState = components['schemas']['CampaignState']
export type DeliveryState = components['schemas']['DeliveryState']
export type Recurrence = components['schemas']['Recurrence']
export type Policy = components['schemas']['Policy']
export type CouponTemplate = components['schemas']['CouponTemplateView']
export type Segment = components['schemas']['SegmentView']

export const STATES: CampaignState[] = [
  'draft',
  'scheduled',
  'recurring',
  'resolving',
  'sending',
  'paused',
  'completed',
  'cancelled',
]

export const TONES: Record<CampaignState, Tone> = {
  draft: 'plain',
  scheduled: 'brand',
  recurring: 'brand',
  resolving: 'accent',
  sending: 'accent',
  paused: 'warn',
  completed: 'good',
  cancelled: 'plain',
}

export const isRunning = (state: CampaignState) => state === 'resolving' || state === 'sending'
export const hasStarted = (campaign: Campaign) => Boolean(campaign.started_at)

/** What the API lets somebody do in a state: the mirror of `service/src/campaign/lifecycle.rs` and `edit.rs`. */
export const MOVES: Record<'edit' | 'schedule' | 'pause' | 'resume' | 'cancel' | 'throttle', CampaignState[]> = {
  edit: ['draft', 'scheduled', 'recurring', 'paused'],
  schedule: ['draft', 'scheduled', 'recurring'],
  pause: ['resolving', 'sending', 'recurring'],
  resume: ['paused'],
  cancel: ['draft', 'scheduled', 'recurring', 'resolving', 'sending', 'paused'],
  throttle: ['resolving', 'sending', 'paused'],
}

/** When it starts or started; null for a draft. */
export function startOf(campaign: Campaign): string | null {
  return campaign.started_at ?? campaign.next_run_at ?? campaign.scheduled_at ?? null
}

/** Whether the brand asks for a second person before this goes out, for an audience of this size. */
export function needsApproval(policy: Policy, members: number): boolean {
  if (!policy.review_campaigns) return false
  const above = policy.review_above_members
  return above === null || above === undefined || members > above
}

export const isApproved = (campaign: Campaign) => campaign.approved_version === campaign.version

/** What people chose for the topic so far, so that members' opt-outs keep fitting. */
export const TOPICS = ['offers', 'member_day', 'new_goods', 'events', 'points'] as const

/** A brand may have topics of its own, which are called as they are written. */
export function topicWords(topic: string): string {
  return tCode('campaigns', `topic_${topic}`).replace(/^topic_/, '')
}
