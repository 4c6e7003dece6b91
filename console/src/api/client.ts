/**
 * The API, typed by its document. `await answered(api.GET('/v1/console/campaigns', {...}))` gives the body or throws a `Problem`.
 * The middleware adds the access token, the language of the refusals and an idempotency key, and renews the token once.
 */
import createClient, { type Middleware } from 'openapi-fetch'
import { accessToken, renew } from '@/session/token'
import { language } from '@/words'
import { Problem } from './problem'
import type { paths } from './schema'

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE']

/** A copy for the second try: a body can be read only once. */
const spare = new WeakMap<Request, Request>()

const credentials: Middleware = {
  onRequest({ request }) {
    request.headers.set('accept-language', language.value)
    if (WRITES.includes(request.method)) request.headers.set('idempotency-key', randomKey())
    if (accessToken.value) request.headers.set('authorization', `Bearer ${accessToken.value}`)
    spare.set(request, request.clone())
    return request
  },
  async onResponse({ request, response }) {
    const again = spare.get(request)
    if (response.status !== 401 || !again || !(await renew())) return undefined
    again.headers.set('authorization', `Bearer ${accessToken.value}`)
    return fetch(again)
  },
}

export const api = createClient<paths>({ baseUrl: '/', fetch: (request) => fetch(request) })
api.use(credentials)

interface Call<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of an answer, or a `Problem`. */
export async function answered<T>(call: Promise<Call<T>>): Promise<T> {
  let result: Call<T>
  try {
    result = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw Problem.offline
  }
  if (!result.response.ok) throw Problem.of(result.response.status, result.error)
  return result.data as T
}

/** `crypto.randomUUID` is absent where a page is served without TLS. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
