import type { Words } from '../zh-CN'

const words: Words['tiers'] = {
  title: 'Tiers',
  counts_lifetime: 'Lifetime',
  counts_window: 'In the window',
  counts_since_change: 'Since the last move',
  per_month: 'this month',
  per_year: 'this year',
  per_stay: 'in this stay',
}

export default words
