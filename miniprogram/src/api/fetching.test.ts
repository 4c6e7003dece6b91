import { describe, expect, it } from 'vitest'
import { fetching, paging } from './fetching'
import { Problem } from './problem'

const offline = new Problem('offline', 0, '网络断开了')

describe('reading', () => {
  it('goes from skeleton to full, or to failed and, at another try, to full', async () => {
    let works = false
    const read = fetching(async () => {
      if (!works) throw offline
      return 7
    })
    expect(read.face).toBe('skeleton')
    await read.load()
    expect([read.face, read.problem?.title]).toEqual(['failed', '网络断开了'])
    works = true
    await read.load()
    expect([read.face, read.value, read.problem]).toEqual(['full', 7, undefined])
  })

  it('keeps what is shown when a reload fails', async () => {
    let n = 0
    const read = fetching(async () => {
      n += 1
      if (n > 1) throw offline
      return n
    })
    await read.load()
    await read.load()
    expect([read.face, read.value, read.problem]).toEqual(['full', 1, offline])
  })

  it('shows the latest question’s answer, not the latest answer', async () => {
    const answers: Array<(value: string) => void> = []
    const read = fetching(() => new Promise<string>((resolve) => answers.push(resolve)))
    const first = read.load()
    const second = read.load()
    answers[1]?.('second')
    await second
    answers[0]?.('first')
    await first
    expect(read.value).toBe('second')
  })
})

describe('an endless list', () => {
  const pages: Record<string, { items: number[]; next_cursor: string | null }> = {
    '': { items: [1, 2], next_cursor: 'b' },
    b: { items: [3], next_cursor: null },
  }

  it('reads page after page and knows its end', async () => {
    const asked: Array<string | undefined> = []
    const list = paging<number>(async (cursor) => {
      asked.push(cursor)
      return pages[cursor ?? ''] ?? { items: [] }
    })
    await list.load()
    await Promise.all([list.more(), list.more()])
    await list.more()
    expect([list.items, list.whole, asked]).toEqual([[1, 2, 3], true, [undefined, 'b']])
  })

  it('is as long after it was read anew as it was before', async () => {
    const list = paging<number>(async (cursor) => pages[cursor ?? ''] ?? { items: [] })
    await list.load()
    expect([list.items, list.whole]).toEqual([[1, 2], false])
    await list.more()
    await list.load()
    expect([list.items, list.whole]).toEqual([[1, 2, 3], true])
  })

  it('keeps what it has where the next page can’t be read, says why, and reads on at another try', async () => {
    let works = true
    const list = paging<number>(async (cursor) => {
      if (!works) throw offline
      return pages[cursor ?? ''] ?? { items: [] }
    })
    await list.load()
    works = false
    await list.more()
    expect([list.items, list.face, list.problem]).toEqual([[1, 2], 'full', offline])
    works = true
    await list.more()
    expect([list.items, list.problem, list.whole]).toEqual([[1, 2, 3], undefined, true])
  })
})
