/** Results as the page shows them. */
import type { components } from '@/api/schema'

export type Results = components['schemas']['ResultsView']
export type Group = components['schemas']['GroupView']
export type Funnel = components['schemas']['FunnelView']
export type Estimate = components['schemas']['EstimateView']
export type Lift = components['schemas']['LiftView']

export const STAGES = ['members', 'sent', 'delivered', 'opened', 'claimed', 'redeemed', 'purchased'] as const
export type Stage = (typeof STAGES)[number]

/** The stages that this campaign has: without a coupon nothing is claimed or redeemed. */
export function stagesOf(results: Results): Stage[] {
  return STAGES.filter((stage) => results.total.funnel[stage] !== null && results.total.funnel[stage] !== undefined)
}

export interface Row {
  /** Null: all variants together, or the one wording there is. */
  variant: string | null
  isHoldout: boolean
  funnel: Funnel
}

export function rowsOf(results: Results): Row[] {
  const variants = results.groups.length > 1 ? results.groups : []
  const rows: Row[] = variants.map((group) => ({ variant: group.variant ?? '', isHoldout: false, funnel: group.funnel }))
  rows.push({ variant: null, isHoldout: false, funnel: results.total.funnel })
  if (results.holdout && results.holdout.members > 0) {
    rows.push({ variant: null, isHoldout: true, funnel: results.holdout })
  }
  return rows
}

/** Whether an interval leaves no doubt about the sign. */
export function isClear(estimate: Estimate): boolean {
  return estimate.low > 0 || estimate.high < 0
}

/** The scale of a chart of intervals: all of them and zero, with some air. */
export function scaleOf(estimates: Estimate[]): { low: number; high: number } {
  const low = Math.min(0, ...estimates.map((one) => one.low))
  const high = Math.max(0, ...estimates.map((one) => one.high))
  const air = (high - low || 1) * 0.06
  return { low: low - air, high: high + air }
}
