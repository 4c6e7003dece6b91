/** What an item of the mall costs, and why it can't be had, in words. */
import type { components } from '@/api/schema'
import { moment } from '@/format/date'
import { count, yuan } from '@/format/money'
import { isKey, say } from '@/words'

export type Item = components['schemas']['PageView_OfferedItemView']['items'][number]

/** `150 积分 + 9.9 元`. */
export function cost({ points, price_fen: price }: Pick<Item, 'points' | 'price_fen'>): string {
  const n = count(points)
  return price > 0 ? say('points.mall.costAnd', { n, amount: yuan(price) }) : say('points.mall.cost', { n })
}

/** Undefined when it can be had. With too few points it says how many are missing. */
export function obstacle(item: Item, balance: number | undefined, nowMs: number): string | undefined {
  if (!item.refusal) return undefined
  if (item.refusal === 'points_short' && balance !== undefined && balance < item.points) return say('points.mall.short', { n: count(item.points - balance) })
  if (item.refusal === 'mall_item_closed') {
    if (item.open_from && Date.parse(item.open_from) > nowMs) return say('points.mall.from', { time: moment(item.open_from, nowMs) })
    if (item.open_until && Date.parse(item.open_until) <= nowMs) return say('points.mall.over')
  }
  const key = `points.mall.refusal.${item.refusal}`
  return isKey(key) ? say(key) : say('points.mall.refusal.other')
}

/** When it can be had, where that is not always: `12 月 1 日 10:00 至 12 月 5 日 18:00 可兑换`, `兑换截止 今天 18:00`. */
function opening({ open_from: from, open_until: until }: Item): string | undefined {
  if (from && until) return say('points.mall.window', { from: moment(from), until: moment(until) })
  return until ? say('points.mall.until', { time: moment(until) }) : undefined
}

/** `剩 12 份 · 每人限 2 份 · 兑换截止 今天 18:00`. */
export function facts(item: Item): string {
  const parts: string[] = []
  if (item.left > 0 && item.left <= 100) parts.push(say('points.mall.left', { n: item.left }))
  if (item.limit_per_member) parts.push(say('points.mall.limit', { n: item.limit_per_member }))
  const open = opening(item)
  if (open) parts.push(open)
  return parts.join(' · ')
}
