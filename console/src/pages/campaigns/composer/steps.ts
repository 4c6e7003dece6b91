/** The steps of the composer, and what each of them wants before the next one makes sense. */
import { FORBIDDEN, checkWording, isReady, type Check, type CheckContext } from '../message/checks'
import type { Channel, MessageDraft } from '../message/render'
import type { WordKey } from '@/words'
import { instantOf } from '@/format/time'
import { startOfDraft, type Draft } from './draft'

export const STEPS = ['offer', 'audience', 'words', 'schedule', 'review'] as const
export type Step = (typeof STEPS)[number]

/** Fields that are wrong, by their name, and in which words. */
export type Faults = Record<string, WordKey>

export interface Wording {
  /** `main`, a variant's index or a fall-back's index. */
  id: string
  channel: Channel
  message: MessageDraft
}

const NAME_LENGTH = 60
const MOST_HOLDOUT = 50

/** Every wording that somebody may get. With variants the main one is not sent. */
export function wordingsOf(draft: Draft): Wording[] {
  const first = draft.variants.length
    ? draft.variants.map((variant, index) => ({ id: `variant-${index}`, channel: draft.channel, message: variant.message }))
    : [{ id: 'main', channel: draft.channel, message: draft.message }]
  const behind = draft.fallback.map((step, index) => ({ id: `fallback-${index}`, ...step }))
  return [...first, ...behind]
}

export function faultsOf(step: Step, draft: Draft, now: Date): Faults {
  if (step === 'offer') return offerFaults(draft, now)
  if (step === 'audience') return draft.segmentId ? {} : { segment: 'campaigns.fault_segment' }
  if (step === 'schedule') return scheduleFaults(draft, now)
  return {}
}

function offerFaults(draft: Draft, now: Date): Faults {
  const faults: Faults = {}
  const name = draft.name.trim()
  if (!name) faults.name = 'campaigns.fault_name'
  else if ([...name].length > NAME_LENGTH) faults.name = 'campaigns.fault_nameLong'
  else if (FORBIDDEN.some((word) => name.includes(word))) faults.name = 'campaigns.fault_forbidden'
  if (!draft.topic.trim() || draft.topic === 'all') faults.topic = 'campaigns.fault_topic'
  if (endsBefore(draft, now)) faults.offerEnds = 'campaigns.fault_offerEnded'
  return faults
}

function scheduleFaults(draft: Draft, now: Date): Faults {
  const faults: Faults = {}
  const at = startOfDraft(draft)
  if (draft.start === 'at' && !at) faults.start = 'campaigns.fault_start'
  if (at && at <= now) faults.start = 'campaigns.fault_startPast'
  if (at && endsBefore(draft, at)) faults.start = 'campaigns.fault_startAfterOffer'
  if (draft.start === 'recurring') {
    const { every, weekdays, days, until } = draft.recurrence
    if (every === 'week' && !weekdays?.length) faults.recurrence = 'campaigns.fault_weekdays'
    if (every === 'month' && !days?.length) faults.recurrence = 'campaigns.fault_days'
    if (until && endOfDay(until) < now) faults.until = 'campaigns.fault_until'
  }
  if (draft.holdoutPercent < 0 || draft.holdoutPercent > MOST_HOLDOUT) faults.holdout = 'campaigns.fault_holdout'
  if (draft.ratePerSecond !== null && draft.ratePerSecond < 1) faults.rate = 'campaigns.fault_rate'
  return faults
}

function endsBefore(draft: Draft, at: Date): boolean {
  return Boolean(draft.offerEndsDay) && instantOf(draft.offerEndsDay, draft.offerEndsTime || '23:59') <= at
}

const endOfDay = (day: string) => instantOf(day, '23:59')

export function checksOf(draft: Draft, contextOf: (wording: Wording) => CheckContext): Map<string, Check[]> {
  return new Map(
    wordingsOf(draft).map((wording) => [wording.id, checkWording(wording.channel, wording.message, contextOf(wording))]),
  )
}

export function areWordsReady(checks: Map<string, Check[]>): boolean {
  return [...checks.values()].every(isReady)
}
