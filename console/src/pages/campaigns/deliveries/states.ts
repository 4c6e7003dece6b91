import type { Tone } from '@/parts/Chip.vue'
import type { DeliveryState } from '../model'

export const DELIVERY_TONES: Record<DeliveryState, Tone> = {
  pending: 'plain',
  queued: 'plain',
  sending: 'accent',
  sent: 'good',
  delivered: 'good',
  bounced: 'bad',
  suppressed: 'plain',
  deferred: 'warn',
  failed: 'bad',
  unknown: 'warn',
}

export const DELIVERY_STATES = Object.keys(DELIVERY_TONES) as DeliveryState[]
