import type { points as chinese } from '../zh-CN/points'

export const points: Record<keyof typeof chinese, string> = {
  'points.title': 'Points',
  'points.balance': 'Points to spend',
  'points.pending': '{n} on their way',
  'points.empty': 'No points yet',
  'points.emptyNote': 'Show your card code at a store, and every purchase earns some',
}
