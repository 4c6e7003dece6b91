/** The conditions of an earn rule in a line. */
import type { Conditions } from './policy'
import { formatMoney } from '@/format/number'
import { formatDay } from '@/format/time'
import { weekdayName } from '@/pages/coupons/words'
import { listOf, t } from '@/words'

interface Names {
  store: (id: string) => string
  tier: (id: string) => string
}

export function describeConditions(conditions: Conditions, names: Names): string {
  const { stores = [], categories = [], products = [], tiers = [], weekdays = [], days_of_month = [] } = conditions
  const parts = [
    stores.length > 0 && listOf(stores.map(names.store)),
    tiers.length > 0 && listOf(tiers.map(names.tier)),
    categories.length > 0 && t('points.ofCategories', { names: listOf(categories) }),
    products.length > 0 && t('points.ofProducts', { names: listOf(products) }),
    weekdays.length > 0 && listOf(weekdays.map(weekdayName)),
    days_of_month.length > 0 && t('points.ofDays', { days: listOf(days_of_month.map(String)) }),
    conditions.from && t('points.fromDay', { day: formatDay(conditions.from) }),
    conditions.until && t('points.untilDay', { day: formatDay(conditions.until) }),
    conditions.birthday && t(`points.birthday_${conditions.birthday}`),
    conditions.least_fen && t('points.leastLine', { money: formatMoney(conditions.least_fen) }),
  ].filter((part): part is string => Boolean(part))
  return parts.length > 0 ? parts.join(' · ') : t('points.always')
}
