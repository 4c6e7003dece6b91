/** What the ids of a rule are called. */
import type { Names } from './describe'
import { useTemplateNames } from '@/pages/coupons/templates'
import { useNames } from '@/parts/names'

export function useRuleNames(): Names {
  const { store, tier } = useNames()
  const { name: coupon } = useTemplateNames()
  return { store, tier, coupon }
}
