/** The open stores by id, read once a visit. */
import { ref } from 'vue'
import { call, type Answer } from '@/api/call'

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

export const storeNames = (ids: string[]): string[] => ids.map((id) => stores.value[id]?.name).filter((name) => name !== undefined)
