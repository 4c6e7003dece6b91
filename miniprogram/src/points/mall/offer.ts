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
  if (item.refusal === 'mall_item_closed' && item.open_from && Date.parse(item.open_from) > nowMs) return say('points.mall.from', { time: moment(item.open_from, nowMs) })
  const key = `points.mall.refusal.${item.refusal}`
  return isKey(key) ? say(key) : say('points.mall.refusal.other')
}

/** `剩 12 份 · 每人限 2 份 · 兑换截止 今天 18:00`. */
export function facts(item: Item): string {
  const parts: string[] = []
  if (item.left > 0 && item.left <= 100) parts.push(say('points.mall.left', { n: item.left }))
  if (item.limit_per_member) parts.push(say('points.mall.limit', { n: item.limit_per_member }))
  if (item.open_until) parts.push(say('points.mall.until', { time: moment(item.open_until) }))
  return parts.join(' · ')
}
