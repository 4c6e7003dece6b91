import type { Words } from '../zh-CN'

const words: Words['campaigns'] = {
  title: 'Campaigns',
  lead: 'Plan, send and learn from every message',
  create: 'New campaign',
  empty: 'No campaigns yet',
  draft: 'Draft',
  scheduled: 'Scheduled',
  recurring: 'Recurring',
  resolving: 'Picking members',
  sending: 'Sending',
  paused: 'Paused',
  completed: 'Completed',
  cancelled: 'Cancelled',
}

export default words
