/** The shop's API and its virtual phones, for what a test arranges and for what it looks up afterwards. */
import type { components } from '../../src/api/schema'

export const PASSWORD = 'shanyue-demo'

type Schemas = components['schemas']
export type SignedIn = Schemas['SignedInView']
export type Card = Schemas['CardView']
export type Page<T> = { items: T[] }

export interface Person {
  id: string
  name: string
  phone: string
}

export interface PhoneMessage {
  kind: string
  text?: string
  title?: string
  template_id?: string
}

export const shop = (): string => process.env.HUIKE_APP ?? 'http://127.0.0.1:8080'

export async function ask<T>(method: string, path: string, body?: object, token?: string, at = shop()): Promise<T> {
  // A connection of its own: one that is kept may be closed by the server just as it is used again.
  const headers = { 'content-type': 'application/json', connection: 'close', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  const answer = await fetch(at + path, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** A process beside others counts in numbers of its own, from where the time has come to. */
const PLACE = process.env.TEST_PARALLEL_INDEX ?? '0'
let next = Date.now() % 10_000_000

/** A phone number that this run has not used. */
export function freshNumber(): string {
  next = (next + 1) % 10_000_000
  return `198${PLACE.at(-1)}${String(next).padStart(7, '0')}`
}

export const newPerson = (name: string, phone = freshNumber()): Promise<Person> => ask('POST', '/sandbox/api/people', { name, phone })

export async function personWith(phone: string): Promise<Person> {
  const { people } = await ask<{ people: Person[] }>('GET', `/sandbox/api/people?q=${phone}`)
  const [person] = people
  if (!person) throw new Error(`no virtual phone has ${phone}`)
  return person
}

export async function messagesOf(person: Person): Promise<PhoneMessage[]> {
  return (await ask<{ messages: PhoneMessage[] }>('GET', `/sandbox/api/people/${person.id}/messages`)).messages
}

export async function memberSession(person: Person): Promise<SignedIn> {
  const login = await ask<{ code: string }>('POST', `/sandbox/api/people/${person.id}/login-codes`, {})
  const phone = await ask<{ code: string }>('POST', `/sandbox/api/people/${person.id}/phone-codes`, {})
  return ask('POST', '/v1/auth/wechat', { code: login.code, phone_code: phone.code })
}

export const staffSession = (login: string): Promise<SignedIn> => ask('POST', '/v1/staff/auth', { login, password: PASSWORD })

/** Claims the first offer whose name fits. */
export async function claim(token: string, name: string): Promise<Schemas['CouponView']> {
  const { items } = await ask<Page<Schemas['ClaimableTemplateView']>>('GET', '/v1/coupon-templates', undefined, token)
  const offer = items.find((each) => each.rules.name.includes(name))
  if (!offer) throw new Error(`no offer is called ${name}`)
  return ask('POST', `/v1/coupon-templates/${offer.id}/claims`, undefined, token)
}
