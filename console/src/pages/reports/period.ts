/** The days that a report is about, kept in the address. */
import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { addDays, dayOf } from '@/format/time'
import { useParameter } from '@/parts/query'

export const SPANS = ['7', '28', '90', '365'] as const
export type Span = (typeof SPANS)[number] | 'custom'
export const LONGEST_DAYS = 400

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1
}

export function isPeriod(from: string, to: string): boolean {
  const days = daysBetween(from, to)
  return Number.isFinite(days) && days >= 1 && days <= LONGEST_DAYS
}

export function usePeriod() {
  const route = useRoute()
  const router = useRouter()
  const span = useParameter<Span>('span', '28')
  const from = useParameter<string>('from', '')
  const to = useParameter<string>('to', '')
  const period = computed(() => {
    const today = dayOf(Date.now())
    if (span.value === 'custom' && isPeriod(from.value, to.value)) return { from: from.value, to: to.value }
    const days = Number(span.value) || 28
    return { from: addDays(today, 1 - days), to: today }
  })
  const days = computed(() => daysBetween(period.value.from, period.value.to))

  /** All at once: an address that is written three times keeps the last. */
  function choose(part: { span: Span; from?: string; to?: string }) {
    void router.replace({ query: { ...route.query, from: undefined, to: undefined, ...part } })
  }

  return { span, period, days, choose }
}
