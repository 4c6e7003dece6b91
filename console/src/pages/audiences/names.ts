/** What the ids of a rule are called. */
import { useAttributes } from './attributes'
import type { Names } from './describe'
import { useTemplateNames } from '@/pages/coupons/templates'
import { useNames } from '@/parts/names'

export function useRuleNames(): Names {
  const { store, tier } = useNames()
  const { name: coupon } = useTemplateNames()
  const { find } = useAttributes()
  return { store, tier, coupon, attribute: (key) => find(key) }
}
