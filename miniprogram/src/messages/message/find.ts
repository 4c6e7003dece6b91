/** A message of the inbox by its id. */
import { call, type Answer } from '@/api/call'

export type Message = Answer<'/v1/me/inbox', 'get'>['items'][number]

/** Older ones than these are not linked to. */
const PAGES = 5

export async function findMessage(id: string): Promise<Message | null> {
  let cursor: string | undefined
  for (let page = 0; page < PAGES; page += 1) {
    const { items, next_cursor: next } = await call('get', '/v1/me/inbox', { query: { cursor, limit: 100 } })
    const found = items.find((message) => message.id === id)
    if (found) return found
    if (!next) return null
    cursor = next
  }
  return null
}
