import type { Tone } from '@/parts/Chip.vue'

/** Templates, mall items, stamp cards and surveys share these states. */
export const STATE_TONES: Record<'draft' | 'published' | 'withdrawn', Tone> = {
  draft: 'plain',
  published: 'good',
  withdrawn: 'warn',
}
