/** Every store, asked once for all pages that show a store's name or let one be picked. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answered, api } from '@/api/client'
import type { components } from '@/api/schema'

export type Store = components['schemas']['StoreView']

const PER_PAGE = 200

export async function readAllStores(): Promise<Store[]> {
  const stores: Store[] = []
  let cursor: string | undefined
  do {
    const page = await answered(api.GET('/v1/console/stores', { params: { query: { cursor, limit: PER_PAGE } } }))
    stores.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return stores
}

export function useStores() {
  const query = useQuery({ queryKey: ['stores', 'all'], queryFn: readAllStores, staleTime: 60_000 })
  const stores = computed(() => query.data.value ?? [])
  const names = computed(() => new Map(stores.value.map((store) => [store.id, store.name])))
  /** Empty until it is known. */
  const nameOfStore = (id: string) => names.value.get(id) ?? ''
  return { query, stores, nameOfStore }
}
