/** What the members' report says, cut into what is drawn. */
import type { components } from '@/api/schema'
import { t } from '@/words'

export type MemberReport = components['schemas']['MemberReportView']

/** Bands that don't overlap: whoever bought within 30 days did so within 90 too. */
export function activityOf(report: MemberReport): { name: string; members: number }[] {
  const { members, active_30, active_90, active_365, never_bought } = report
  return [
    { name: t('reports.active30'), members: active_30 },
    { name: t('reports.active90'), members: active_90 - active_30 },
    { name: t('reports.active365'), members: active_365 - active_90 },
    { name: t('reports.lapsed'), members: Math.max(0, members - active_365 - never_bought) },
    { name: t('reports.never'), members: never_bought },
  ]
}

export function ageWords({ from, to }: MemberReport['ages'][number]): string {
  if (from === null || from === undefined) return t('reports.ageUnknown')
  if (to === null || to === undefined) return t('reports.ageAbove', { from })
  return t('reports.ageSpan', { from, to })
}
