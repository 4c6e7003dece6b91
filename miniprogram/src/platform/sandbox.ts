/**
 * In a demo, WeChat is the sandbox of the same origin, and this browser is one of its virtual phones. A person chooses which;
 * the choice is kept. Where the sandbox does not answer, there is no WeChat in a browser.
 */
// #ifdef H5
import { refused, unreached } from '@/api/problem'
import { keep, recall } from './storage'

const API = '/sandbox/api'
const KEPT = 'sandbox.person'

export interface VirtualPhone {
  id: string
  name: string
  phone: string | null
}

export interface SandboxTemplate {
  template_id: string
  title: string
  keys: string[]
}

function ask<T>(method: 'GET' | 'POST', path: string, data?: object): Promise<T> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: API + path,
      method,
      data: data === undefined ? undefined : JSON.stringify(data),
      header: data === undefined ? {} : { 'Content-Type': 'application/json' },
      success: ({ statusCode, data: body }) => (statusCode < 300 ? resolve(body as T) : reject(refused(statusCode, body))),
      fail: ({ errMsg }) => reject(unreached(errMsg ?? '')),
    })
  })
}

let answering: Promise<boolean> | undefined

/** Whether this origin has a sandbox; asked once. */
export function sandboxAnswers(): Promise<boolean> {
  answering ??= ask<{ people?: unknown }>('GET', '/people?limit=1').then(
    (body) => Array.isArray(body?.people),
    () => false,
  )
  return answering
}

export const chosenPhone = (): VirtualPhone | undefined => recall<VirtualPhone>(KEPT)

export const choosePhone = (phone: VirtualPhone): void => keep(KEPT, phone)

export async function virtualPhones(q: string): Promise<VirtualPhone[]> {
  const { people } = await ask<{ people: VirtualPhone[] }>('GET', `/people?limit=30&q=${encodeURIComponent(q)}`)
  return people
}

export const newVirtualPhone = (name: string, phone: string): Promise<VirtualPhone> => ask('POST', '/people', { name, phone })

export async function sandboxCode(kind: 'login-codes' | 'phone-codes'): Promise<string> {
  const person = chosenPhone()
  if (!person) throw new Error('no virtual phone is chosen')
  const { code } = await ask<{ code: string }>('POST', `/people/${person.id}/${kind}`, {})
  return code
}

export async function sandboxPrompt(answers: Record<string, 'accept' | 'reject'>): Promise<Record<string, string>> {
  const person = chosenPhone()
  if (!person) return {}
  return ask('POST', `/people/${person.id}/prompts`, { template_ids: Object.keys(answers), answers })
}
// #endif
