/** The campaigns of a span of days. */
import { useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { answered, api } from '@/api/client'
import type { Campaign } from '../model'
import type { Crowd } from './CrowdedNote.vue'
import { itemsOf } from './items'

const MANY = 200

export function useCalendar(days: Ref<string[]>) {
  const query = useQuery({
    queryKey: ['campaigns', 'calendar'],
    queryFn: () => answered(api.GET('/v1/console/campaigns', { params: { query: { limit: MANY } } })),
  })
  const campaigns = computed<Campaign[]>(() => query.data.value?.items ?? [])
  const items = computed(() => itemsOf(campaigns.value, days.value, new Date()))
  const drafts = computed(() => campaigns.value.filter((one) => one.state === 'draft'))
  const crowds = computed(() => new Map<string, Crowd[]>())
  return { query, campaigns, items, drafts, crowds }
}
