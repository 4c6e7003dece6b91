/** The conditions of an earn rule in a line. */
import type { Conditions } from './policy'
import { formatMoney } from '@/format/number'
import { formatDay } from '@/format/time'
import { weekdayName } from '@/pages/coupons/words'
import { language, t } from '@/words'

interface Names {
  store: (id: string) => string
  tier: (id: string) => string
}

export function describeConditions(conditions: Conditions, names: Names): string {
  const list = (words: readonly (string | number)[]) => words.filter((word) => word !== '').join(language.value === 'en' ? ', ' : '、')
  const { stores = [], categories = [], products = [], tiers = [], weekdays = [], days_of_month = [] } = conditions
  const parts = [
    stores.length > 0 && list(stores.map(names.store)),
    tiers.length > 0 && list(tiers.map(names.tier)),
    categories.length > 0 && t('points.ofCategories', { names: list(categories) }),
    products.length > 0 && t('points.ofProducts', { names: list(products) }),
    weekdays.length > 0 && list(weekdays.map(weekdayName)),
    days_of_month.length > 0 && t('points.ofDays', { days: list(days_of_month) }),
    conditions.from && t('points.fromDay', { day: formatDay(conditions.from) }),
    conditions.until && t('points.untilDay', { day: formatDay(conditions.until) }),
    conditions.birthday && t(`points.birthday_${conditions.birthday}`),
    conditions.least_fen && t('points.leastLine', { money: formatMoney(conditions.least_fen) }),
  ].filter((part): part is string => Boolean(part))
  return parts.length > 0 ? parts.join(' · ') : t('points.always')
}
