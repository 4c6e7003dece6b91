/** Counts by state and reason, gathered into what people ask: sent, waiting, late, held back, failed, unknown. */
import type { components } from '@/api/schema'
import type { DeliveryState } from '../model'

export type Progress = components['schemas']['ProgressView']

export const GROUPS = ['sent', 'waiting', 'deferred', 'held', 'failed', 'unknown'] as const
export type ProgressGroup = (typeof GROUPS)[number]

const GROUP_OF: Record<DeliveryState, ProgressGroup> = {
  pending: 'waiting',
  queued: 'waiting',
  sending: 'waiting',
  sent: 'sent',
  delivered: 'sent',
  deferred: 'deferred',
  suppressed: 'held',
  bounced: 'failed',
  failed: 'failed',
  unknown: 'unknown',
}

export function countsOf(progress: Progress): Record<ProgressGroup, number> {
  const counts = Object.fromEntries(GROUPS.map((group) => [group, 0])) as Record<ProgressGroup, number>
  for (const line of progress.lines) counts[GROUP_OF[line.state]] += line.deliveries
  return counts
}

/** Those that are settled, as a share of all. */
export function shareDone(progress: Progress): number {
  const counts = countsOf(progress)
  const all = GROUPS.reduce((sum, group) => sum + counts[group], 0)
  return all === 0 ? 0 : (all - counts.waiting - counts.deferred) / all
}
