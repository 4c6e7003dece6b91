/** Why a request was not answered as asked, in the API's own words. */
import type { components } from './schema'

type Body = components['schemas']['Problem']

export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly requestId = '',
    /** What is wrong with which field, by the field's path in the body. */
    readonly fields: Record<string, string> = {},
    /** For whoever reports it. */
    readonly detail = '',
    /** What else there is to tell, by the code. */
    readonly facts: Body['facts'] = undefined,
  ) {
    super(message)
  }

  static of(status: number, body: unknown): Problem {
    if (!isBody(body)) return new Problem(`HTTP ${status}`, status, `http_${status}`)
    const fields = Object.fromEntries((body.errors ?? []).map((one) => [one.field, one.message]))
    return new Problem(body.title, body.status, body.code, body.request_id, fields, body.detail, body.facts)
  }

  /** Nothing answered. */
  static get offline(): Problem {
    return new Problem('', 0, 'offline')
  }

  get isRefusal(): boolean {
    return this.status === 409
  }
}

function isBody(body: unknown): body is Body {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body
}
