/**
 * What a page shows while it reads: `skeleton`, `failed` or `full`. Empty is the page's to tell, it knows what that means there.
 * A reload keeps what is shown until the answer is there, so nothing flickers.
 */
import { reactive } from 'vue'
import { asProblem, type Problem } from './problem'

export type Face = 'skeleton' | 'failed' | 'full'

export interface Fetched<T> {
  face: Face
  value: T | undefined
  /** Why the last reading failed, also while older content is still shown. */
  problem: Problem | undefined
  busy: boolean
  load: () => Promise<void>
  /** Back to the skeleton, for instance when somebody else signs in. */
  clear: () => void
}

export function fetching<T>(read: () => Promise<T>): Fetched<T> {
  let turn = 0
  const fetched = reactive({
    face: 'skeleton' as Face,
    value: undefined,
    problem: undefined,
    busy: false,
    load,
    clear,
  }) as Fetched<T>

  async function load(): Promise<void> {
    const mine = ++turn
    fetched.busy = true
    if (fetched.face === 'failed') fetched.face = 'skeleton'
    try {
      const value = await read()
      if (mine !== turn) return
      Object.assign(fetched, { value, problem: undefined, face: 'full' })
    } catch (cause) {
      if (mine !== turn) return
      fetched.problem = asProblem(cause)
      if (fetched.value === undefined) fetched.face = 'failed'
    } finally {
      if (mine === turn) fetched.busy = false
    }
  }

  function clear(): void {
    turn += 1
    Object.assign(fetched, { face: 'skeleton', value: undefined, problem: undefined, busy: false })
  }

  return fetched
}

export interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

export interface Paged<T> {
  face: Face
  items: T[]
  problem: Problem | undefined
  busy: boolean
  /** Whether the last page is there. */
  whole: boolean
  load: () => Promise<void>
  more: () => Promise<void>
  clear: () => void
}

/** An endless list: `load` reads it anew, as far as it is shown, so that who comes back to it stands where they were; `more` reads the next page. */
export function paging<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Paged<T> {
  let turn = 0
  let cursor: string | undefined
  const paged = reactive({ face: 'skeleton', items: [], problem: undefined, busy: false, whole: false, load, more, clear }) as Paged<T>

  /** Reads on from `from` behind the items that are kept, until there are as many as wanted. */
  async function step(kept: T[], from: string | undefined, wanted: number): Promise<void> {
    const mine = ++turn
    paged.busy = true
    try {
      let items = kept
      let next = from
      do {
        const page = await read(next)
        if (mine !== turn) return
        items = [...items, ...page.items]
        next = page.next_cursor ?? undefined
      } while (next !== undefined && items.length < wanted)
      cursor = next
      Object.assign(paged, { items, face: 'full', problem: undefined, whole: cursor === undefined })
    } catch (cause) {
      if (mine !== turn) return
      paged.problem = asProblem(cause)
      if (paged.items.length === 0) paged.face = 'failed'
    } finally {
      if (mine === turn) paged.busy = false
    }
  }

  async function load(): Promise<void> {
    if (paged.face === 'failed') paged.face = 'skeleton'
    await step([], undefined, paged.items.length)
  }

  async function more(): Promise<void> {
    if (!paged.busy && !paged.whole && cursor !== undefined) await step(paged.items, cursor, 0)
  }

  function clear(): void {
    turn += 1
    cursor = undefined
    Object.assign(paged, { face: 'skeleton', items: [], problem: undefined, busy: false, whole: false })
  }

  return paged
}
