/**
 * The typed client: `call('post', '/v1/coupon-templates/{id}/claims', { path: { id } })`. Paths, parameters, bodies and answers are
 * checked against docs/openapi.json. Rejects with a `Problem`, always.
 */
import { deviceId } from './device'
import { asProblem } from './problem'
import type { paths } from './schema'
import { send, type Method } from './send'
import { tokenAfter, tokenOf, type Kind } from './session'

type Operation<P extends keyof paths, M extends Method> = M extends keyof paths[P] ? NonNullable<paths[P][M]> : never
export type PathsOf<M extends Method> = { [P in keyof paths]: [Operation<P, M>] extends [never] ? never : P }[keyof paths]

type Json<R> = R extends { content: { 'application/json': infer T } } ? T : undefined
type Good<R> = 200 extends keyof R ? R[200] : 201 extends keyof R ? R[201] : undefined
export type Answer<P extends keyof paths, M extends Method> = Operation<P, M> extends { responses: infer R } ? Json<Good<R>> : never

type Parameters<O, Where extends 'path' | 'query'> = O extends { parameters: { [W in Where]?: infer T } } ? ([NonNullable<T>] extends [never] ? never : NonNullable<T>) : never
type BodyOf<O> = O extends { requestBody?: infer B } ? ([NonNullable<B>] extends [never] ? never : NonNullable<B> extends { content: { 'application/json': infer T } } ? T : never) : never

type Needed<Name extends string, T> = [T] extends [never] ? unknown : Record<Name, T>
type Offered<Name extends string, T> = [T] extends [never] ? unknown : { [N in Name]?: T }
export type Options<P extends keyof paths, M extends Method> = Needed<'path', Parameters<Operation<P, M>, 'path'>> &
  Offered<'query', Parameters<Operation<P, M>, 'query'>> &
  Needed<'body', BodyOf<Operation<P, M>>> & { /** The same key again gets the same answer, and nothing is done twice. */ key?: string }

interface Loose {
  path?: Record<string, string>
  query?: Record<string, unknown>
  body?: unknown
  key?: string
}

type Rest<P extends keyof paths, M extends Method> = Record<never, never> extends Options<P, M> ? [options?: Options<P, M>] : [options: Options<P, M>]

/** Whose token an operation wants follows from its address. */
function callerOf(path: string): Kind | undefined {
  if (path.startsWith('/v1/auth/') || path === '/v1/staff/auth') return undefined
  return path.startsWith('/v1/staff/') ? 'staff' : 'member'
}

/** Where a phone number or an account is proven. */
function proves(path: string): boolean {
  return path.startsWith('/v1/auth/') || path === '/v1/me/phones'
}

function filled(path: string, values: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
}

export async function call<M extends Method, P extends PathsOf<M>>(method: M, path: P, ...rest: Rest<P, M>): Promise<Answer<P, M>> {
  const options = (rest[0] ?? {}) as Loose
  const kind = callerOf(path)
  const device = proves(path) ? deviceId() : undefined
  const sending = { method, path: filled(path, options.path), query: options.query, body: options.body, key: options.key, device }
  const token = kind && (await tokenOf(kind))
  try {
    return (await send({ ...sending, token })).body as Answer<P, M>
  } catch (cause) {
    const problem = asProblem(cause)
    if (problem.status !== 401 || !kind || !token) throw problem
    const next = await tokenAfter(kind, token)
    if (!next) throw problem
    return (await send({ ...sending, token: next })).body as Answer<P, M>
  }
}
