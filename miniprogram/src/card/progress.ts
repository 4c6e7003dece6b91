/** What is missing to the next tier and to staying in this one, in words and as a share. */
import type { components } from '@/api/schema'
import { date } from '@/format/date'
import { yuan } from '@/format/money'
import { say, type Key } from '@/words'

export type Tier = components['schemas']['TierView']

export type TierProgress = components['schemas']['TierProgressView']
type Sum = components['schemas']['SumView']

export interface Missing {
  missing_fen?: number | null
  missing_visits?: number | null
}

export interface Line {
  text: string
  /** 0 to 1; undefined where nothing is to be reached. */
  share?: number
  done?: boolean
}

function sum(progress: TierProgress): Sum {
  if (progress.counts === 'lifetime') return progress.lifetime
  return progress.counts === 'window' ? progress.window : progress.since_change
}

const part = (have: number, missing: number | null | undefined): number | undefined =>
  missing === null || missing === undefined ? undefined : missing <= 0 ? 1 : have / (have + missing)

/** Where both are asked for, the one further off counts; where either is enough, the nearer one. */
function share(progress: TierProgress, missing: Missing): number | undefined {
  const have = sum(progress)
  const parts = [part(have.spend_fen, missing.missing_fen), part(have.visits, missing.missing_visits)].filter((each): each is number => each !== undefined)
  if (parts.length === 0) return undefined
  return progress.need === 'any' ? Math.max(...parts) : Math.min(...parts)
}

type Words = 'card.toRise' | 'card.toStay'

/** Null is what the tier does not ask for. */
const asked = (missing: Missing): number[] => [missing.missing_fen, missing.missing_visits].filter((each) => each !== null && each !== undefined)

function isMet(progress: TierProgress, missing: Missing): boolean {
  const left = asked(missing)
  return progress.need === 'any' ? left.some((each) => each <= 0) : left.every((each) => each <= 0)
}

/** Undefined when nothing is missing. */
function sentence(words: Words, progress: TierProgress, missing: Missing, tier: string, day = ''): string | undefined {
  if (isMet(progress, missing)) return undefined
  const fen = missing.missing_fen ?? 0
  const visits = missing.missing_visits ?? 0
  const values = { amount: yuan(fen), n: visits, tier, day }
  if (fen > 0 && visits > 0) return say(`${words}${progress.need === 'any' ? 'Either' : 'Both'}` as Key, values)
  return say(fen > 0 ? words : (`${words}Visits` as Key), values)
}

export function rise(progress: TierProgress): Line {
  if (!progress.rise) return { text: say('card.highest'), done: true }
  const text = sentence('card.toRise', progress, progress.rise, progress.rise.tier.name)
  return { text: text ?? progress.rise.tier.name, share: share(progress, progress.rise), done: text === undefined }
}

export function stay(progress: TierProgress, tier: Tier): Line | undefined {
  if (progress.frozen_until) return { text: say('card.frozenUntil', { tier: tier.name, day: date(progress.frozen_until) }), done: true }
  if (!progress.stay) return undefined
  const text = sentence('card.toStay', progress, progress.stay, tier.name, date(progress.stay.by))
  if (text === undefined) return { text: say('card.staysSafe', { tier: tier.name, day: date(progress.stay.check_at) }), share: 1, done: true }
  return { text, share: share(progress, progress.stay) }
}
