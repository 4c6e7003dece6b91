/**
 * The card as this phone keeps it, so that it can be shown without a network. Written when the card is read; forgotten with the
 * session, because the secret is as good as the card.
 */
import { ref } from 'vue'
import { call } from '@/api/call'
import type { components } from '@/api/schema'
import { onEnd } from '@/api/session'
import { learnSkew, now, serverNow } from '@/clock'
import { forget, keep, recall } from '@/platform/storage'
import { fromBase64, makeCode, SHAPE, stepAt } from './code'

export type Card = components['schemas']['CardView']

const KEPT = 'card'
const LOOK = 'card.look'

export const card = ref<Card | undefined>(recall<Card>(KEPT))

/** The tier gives the card its look, and is as old as the last visit with a network. */
export interface Look {
  name: string
  rank: number
}

export const look = ref<Look | undefined>(recall<Look>(LOOK))

export function keepLook(tier: Look | undefined): void {
  look.value = tier && { name: tier.name, rank: tier.rank }
  keep(LOOK, look.value ?? null)
}

onEnd('member', () => {
  card.value = undefined
  look.value = undefined
  forget(KEPT)
  forget(LOOK)
})

export async function readCard(): Promise<Card> {
  const sentAt = now()
  const read = await call('get', '/v1/me/card')
  learnSkew(read.offline.server_time, sentAt, now())
  card.value = read
  keep(KEPT, read)
  return read
}

export interface Shown {
  code: string
  step: number
  left: number
  stepSeconds: number
}

/** Why a card can't be shown here: an older app that doesn't know the card's algorithm. */
export const isKnown = (of: Card): boolean => of.offline.algorithm === SHAPE

export function codeNow(of: Card): Shown {
  const { secret, step_seconds: stepSeconds } = of.offline
  const { step, left } = stepAt(serverNow(), stepSeconds)
  return { code: makeCode(fromBase64(secret), of.card_number, step), step, left, stepSeconds }
}
