/** Stores, tiers, tags and colleagues by their names: asked once for all pages, because ids mean nothing to a person. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answered, api } from '@/api/client'
import { may, staff } from '@/session/session'
import { t } from '@/words'

const MINUTES = 60_000
const MOST = 200

export const STORES_KEY = ['names', 'stores']
export const TIERS_KEY = ['names', 'tiers']
export const TAGS_KEY = ['names', 'tags']

export function useNames() {
  const kept = { staleTime: 5 * MINUTES }
  const storesQuery = useQuery({
    queryKey: STORES_KEY,
    queryFn: () => answered(api.GET('/v1/console/stores', { params: { query: { limit: MOST } } })),
    enabled: may('ReadStores'),
    ...kept,
  })
  const tiersQuery = useQuery({
    queryKey: TIERS_KEY,
    queryFn: () => answered(api.GET('/v1/console/tiers')),
    enabled: may('ReadMembers'),
    ...kept,
  })
  const tagsQuery = useQuery({
    queryKey: TAGS_KEY,
    queryFn: () => answered(api.GET('/v1/console/tags', { params: { query: { limit: MOST } } })),
    enabled: may('ReadMembers'),
    ...kept,
  })
  const stores = computed(() => storesQuery.data.value?.items ?? [])
  const tiers = computed(() => (tiersQuery.data.value?.items ?? []).map((held) => held.tier))
  const tags = computed(() => tagsQuery.data.value?.items ?? [])
  return {
    stores,
    tiers,
    tags,
    /** The name after the brand's, where the brand stands before each: "山月茶点 · 南山店". */
    store: (id?: string | null) => stores.value.find((one) => one.id === id)?.name.split(' · ').at(-1) ?? (id ? '…' : ''),
    tier: (id?: string | null) => tiers.value.find((one) => one.id === id)?.name ?? (id ? '…' : ''),
  }
}

export function useStaffNames() {
  const query = useQuery({
    queryKey: ['staff', 'names'],
    queryFn: () => answered(api.GET('/v1/console/staff', { params: { query: { limit: MOST } } })),
    enabled: may('ReadStaff'),
    staleTime: 5 * MINUTES,
  })
  const people = computed(() => query.data.value?.items ?? [])
  /** Somebody else is a colleague where the role does not see the account. */
  function person(id?: string | null): string {
    if (!id) return ''
    if (id === staff.value?.id) return t('common.me')
    return people.value.find((one) => one.id === id)?.name ?? t('common.colleague')
  }
  return { people, person }
}
