/**
 * Server-sent events over `fetch`, because `EventSource` can't carry the access token. Begins again by itself after a cut, until it is
 * stopped or the server ends it.
 */
import { accessToken, renew } from '@/session/token'
import { Problem } from './problem'

const AGAIN_MS = 2_000

export function listen<Event>(path: string, onEvent: (event: Event) => void, onProblem?: (problem: Problem) => void) {
  const abort = new AbortController()
  void run()
  return () => abort.abort()

  async function run() {
    while (!abort.signal.aborted) {
      try {
        const hasEnded = await once()
        if (hasEnded) return
      } catch (error) {
        if (abort.signal.aborted) return
        const problem = error instanceof Problem ? error : Problem.offline
        onProblem?.(problem)
        if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) return
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }

  /** True when the server said that there is no more. */
  async function once(): Promise<boolean> {
    let response = await ask()
    if (response.status === 401 && (await renew())) response = await ask()
    if (!response.ok || !response.body) throw Problem.of(response.status, await response.json().catch(() => null))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const parser = new EventParser()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return true
      for (const data of parser.push(value)) onEvent(JSON.parse(data) as Event)
    }
  }

  function ask() {
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${accessToken.value}` }
    return fetch(path, { headers, signal: abort.signal })
  }
}

/** Gives the `data` of each event whose end has arrived. */
export class EventParser {
  private rest = ''

  push(text: string): string[] {
    this.rest += text.replaceAll('\r', '')
    const blocks = this.rest.split('\n\n')
    this.rest = blocks.pop() ?? ''
    return blocks.map(dataOf).filter((data) => data !== '')
  }
}

function dataOf(block: string): string {
  const lines = block.split('\n').filter((line) => line.startsWith('data:'))
  return lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')
}
