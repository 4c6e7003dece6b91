/** The shop's API and its virtual phones, for what a test arranges and for what it looks up afterwards. */
import { expect, request, type APIRequestContext } from '@playwright/test'

export const PASSWORD = 'shanyue-demo'
export type Role = 'owner' | 'marketer' | 'manager' | 'cashier'

type Json = Record<string, unknown>

export const baseUrl = () => process.env.HUIKE_CONSOLE ?? 'http://127.0.0.1:8080'

/** Calls of one signed-in person. */
export class Api {
  private constructor(
    private readonly http: APIRequestContext,
    readonly token: string,
  ) {}

  static async staff(login: Role | string, password = PASSWORD): Promise<Api> {
    const http = await request.newContext({ baseURL: baseUrl() })
    const answer = await http.post('/v1/staff/auth', { data: { login, password } })
    expect(answer.status(), `sign-in of ${login}`).toBe(200)
    return new Api(http, ((await answer.json()) as { access_token: string }).access_token)
  }

  /** Signs a shopper in by the code that their virtual phone got. */
  static async member(phone: string): Promise<Api> {
    const http = await request.newContext({ baseURL: baseUrl() })
    const person = await personWith(phone)
    const before = (await messagesOf(person)).length
    expect((await http.post('/v1/auth/sms-codes', { data: { phone } })).ok()).toBe(true)
    await expect.poll(async () => (await messagesOf(person)).length).toBeGreaterThan(before)
    const code = /\d{6}/.exec((await messagesOf(person)).at(-1)?.text ?? '')?.[0]
    const answer = await http.post('/v1/auth/sms', { data: { phone, code } })
    expect(answer.ok(), 'sign-in of a member').toBe(true)
    return new Api(http, ((await answer.json()) as { access_token: string }).access_token)
  }

  private get headers() {
    return { authorization: `Bearer ${this.token}`, 'accept-language': 'zh-CN' }
  }

  async get<T = Json>(path: string): Promise<T> {
    const answer = await this.http.get(path, { headers: this.headers })
    expect(answer.ok(), `GET ${path}: ${await answer.text()}`).toBe(true)
    return (await answer.json()) as T
  }

  async post<T = Json>(path: string, data: Json = {}): Promise<T> {
    const answer = await this.http.post(path, { headers: this.headers, data })
    expect(answer.ok(), `POST ${path}: ${await answer.text()}`).toBe(true)
    return (answer.status() === 204 ? {} : await answer.json()) as T
  }

  async put<T = Json>(path: string, data: Json): Promise<T> {
    const answer = await this.http.put(path, { headers: this.headers, data })
    expect(answer.ok(), `PUT ${path}: ${await answer.text()}`).toBe(true)
    return (await answer.json()) as T
  }

  async statusOf(method: string, path: string, data?: Json): Promise<number> {
    return (await this.http.fetch(path, { method, headers: this.headers, data })).status()
  }
}

export interface PhoneMessage {
  id: string
  at: string
  kind: string
  text?: string
  sign?: string
  title?: string
  template_id?: string
  lines?: { label: string; value: string }[]
  page?: string
}

async function sandbox<T>(path: string): Promise<T> {
  const http = await request.newContext({ baseURL: baseUrl() })
  const answer = await http.get(`/sandbox/api${path}`)
  expect(answer.ok(), `sandbox ${path}`).toBe(true)
  const body = (await answer.json()) as T
  await http.dispose()
  return body
}

/** The id of the virtual phone with this number. */
export async function personWith(phone: string): Promise<string> {
  const { people } = await sandbox<{ people: { id: string; phone: string }[] }>(`/people?q=${phone}`)
  const found = people.find((person) => person.phone === phone)
  expect(found, `a virtual phone ${phone}`).toBeTruthy()
  return found?.id ?? ''
}

export async function messagesOf(person: string): Promise<PhoneMessage[]> {
  return (await sandbox<{ messages: PhoneMessage[] }>(`/people/${person}/messages`)).messages
}

interface SendRefusal {
  code: string
  template?: string
  /** The share of people whose messages are refused, always the same ones. */
  people_rate?: number
}

/** WeChat refuses these sends from now on; an empty list lets all through again. */
export async function refuseSends(refusals: SendRefusal[]) {
  const http = await request.newContext({ baseURL: baseUrl() })
  const data = { paths: { '/cgi-bin/message/subscribe/send': { refusals } } }
  expect((await http.put('/sandbox/api/faults', { data })).ok(), 'faults of the sandbox').toBe(true)
  await http.dispose()
}

/** The platforms refuse calls of these paths by a code from now on; none lets all through again. */
export async function refuse(codes: Record<string, string>) {
  const http = await request.newContext({ baseURL: baseUrl() })
  const paths = Object.fromEntries(Object.entries(codes).map(([path, code]) => [path, { refusals: [{ code }] }]))
  expect((await http.put('/sandbox/api/faults', { data: { paths } })).ok(), 'faults of the sandbox').toBe(true)
  await http.dispose()
}

/** What the supplier in use thinks of the shop's signature from now on. */
export async function judgeSignature(name: string, state: 'approved' | 'pending' | 'refused') {
  const http = await request.newContext({ baseURL: baseUrl() })
  const data = { provider: 'aliyun', sign: { id: 2_100_001, name, state } }
  expect((await http.post('/sandbox/api/sms-signs', { data })).ok(), 'signatures of the sandbox').toBe(true)
  await http.dispose()
}

/** What arrived on all phones together. */
export async function allMessages(): Promise<(PhoneMessage & { person?: string })[]> {
  return (await sandbox<{ messages: PhoneMessage[] }>('/messages?limit=10000')).messages
}
