/**
 * Why a call was not answered as asked. The server words its refusals in the reader's language; only what never reached it is
 * worded here.
 */
import { say } from '@/words'
import type { components } from './schema'

export type ProblemBody = components['schemas']['Problem']
export type ProblemCode = ProblemBody['code'] | 'offline' | 'slow' | 'unreadable'

export class Problem extends Error {
  readonly name = 'Problem'

  constructor(
    readonly code: ProblemCode,
    readonly status: number,
    /** One line for people. */
    readonly title: string,
    readonly body: Partial<ProblemBody> = {},
  ) {
    super(`${code} (${status})`)
  }

  /** Whether the same call may be answered later without anybody changing anything. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  get requestId(): string | undefined {
    return this.body.request_id
  }
}

export function unreached(message: string): Problem {
  return /time.?out/i.test(message) ? new Problem('slow', 0, say('common.slow')) : new Problem('offline', 0, say('common.offline'))
}

export function refused(status: number, body: unknown): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body && 'title' in body) {
    const problem = body as ProblemBody
    return new Problem(problem.code, status, problem.title, problem)
  }
  return new Problem('unreadable', status, say('common.unreadable'))
}

export function asProblem(cause: unknown): Problem {
  return cause instanceof Problem ? cause : new Problem('unreadable', 0, say('common.unreadable'))
}
