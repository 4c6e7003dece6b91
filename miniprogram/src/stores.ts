/** The open stores by id, read once a visit. */
import { ref } from 'vue'
import { call, type Answer } from '@/api/call'
import { programme } from '@/programme'

export type Store = Answer<'/v1/stores', 'get'>['items'][number]

export const stores = ref<Record<string, Store>>({})
let reading: Promise<void> | undefined

async function readAll(): Promise<void> {
  let cursor: string | undefined
  do {
    const page = await call('get', '/v1/stores', { query: { cursor, limit: 100 } })
    for (const store of page.items) stores.value[store.id] = store
    cursor = page.next_cursor ?? undefined
  } while (cursor)
}

export function learnStores(): Promise<void> {
  reading ??= readAll().catch(() => {
    reading = undefined
  })
  return reading
}

/** `山月茶点 · 南山店` is `南山店` to whoever is in this brand's own app. */
export function shortName(name: string): string {
  const brand = programme.value?.brand
  return brand && name.startsWith(brand) ? name.slice(brand.length).replace(/^[\s·・-]+/, '') || name : name
}

export const storeNames = (ids: string[]): string[] => ids.flatMap((id) => (stores.value[id] ? [shortName(stores.value[id].name)] : []))
