/**
 * What the brand says of itself, read once at the start and kept for the next: its name, its tiers, which subscription messages
 * it sends. A prompt needs the template ids before the tap, so they are known from the last visit even when this one is off line.
 */
import { ref } from 'vue'
import type { Answer } from '@/api/call'
import { send } from '@/api/send'
import { keep, recall } from '@/platform/storage'

export type Programme = Answer<'/v1/programme', 'get'>

const KEPT = 'programme'

export const programme = ref<Programme | undefined>(recall<Programme>(KEPT))

export async function learnProgramme(): Promise<void> {
  try {
    const { body } = await send({ method: 'get', path: '/v1/programme' })
    programme.value = body as Programme
    keep(KEPT, body)
  } catch {
    // The last visit's stands; without one nothing is asked and the app has no name to show.
  }
}
