/** The campaigns of a span of days, the drafts that wait for one, and whom several would reach on the same day. */
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { answered, api } from '@/api/client'
import type { Campaign } from '../model'
import type { Crowd } from './CrowdedNote.vue'
import { itemsOf } from './items'

const MANY = 50

export function useCalendar(days: Ref<string[]>) {
  const span = computed(() => ({ from: days.value[0] ?? '', until: days.value.at(-1) ?? '' }))
  const query = useQuery({
    queryKey: computed(() => ['campaigns', 'calendar', span.value]),
    queryFn: () => answered(api.GET('/v1/console/calendar', { params: { query: span.value } })),
    placeholderData: keepPreviousData,
  })
  const waiting = useQuery({
    queryKey: ['campaigns', 'drafts'],
    queryFn: () =>
      answered(api.GET('/v1/console/campaigns', { params: { query: { state: 'draft', limit: MANY } } })),
  })
  const items = computed(() => itemsOf(query.data.value?.items ?? [], new Date()))
  const drafts = computed<Campaign[]>(() => waiting.data.value?.items ?? [])
  const crowds = computed(
    () => new Map<string, Crowd[]>((query.data.value?.days ?? []).map((one) => [one.day, one.crowded])),
  )
  return { query, items, drafts, crowds }
}
