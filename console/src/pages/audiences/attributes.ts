/** The brand's own attributes, asked once for all conditions. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answered, api } from '@/api/client'
import type { components } from '@/api/schema'
import { may } from '@/session/session'

export type Attribute = components['schemas']['UsedAttributeView']

const MINUTE = 60_000
const MOST = 200

export function useAttributes() {
  const query = useQuery({
    queryKey: ['names', 'attributes'],
    queryFn: () => answered(api.GET('/v1/console/attributes', { params: { query: { limit: MOST } } })),
    enabled: may('ReadMembers'),
    staleTime: MINUTE,
  })
  const attributes = computed(() => query.data.value?.items ?? [])
  return { attributes, find: (key: string) => attributes.value.find((one) => one.key === key) }
}
