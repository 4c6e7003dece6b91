/** One request and its answer, without knowledge of sessions. */
import { apiOrigin } from '@/platform/origin'
import { locale } from '@/words'
import { refused, unreached } from './problem'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

export interface Sending {
  method: Method
  path: string
  query?: Record<string, unknown>
  body?: unknown
  token?: string
  key?: string
  /** What this phone is known by, where it is told. */
  device?: string
}

const PATIENCE_MS = 15_000

export interface Answered {
  status: number
  body: unknown
  header: Record<string, string>
}

function address({ path, query }: Sending): string {
  const pairs = Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
  return apiOrigin() + path + (pairs.length > 0 ? `?${pairs.join('&')}` : '')
}

function headers(sending: Sending): Record<string, string> {
  const header: Record<string, string> = { 'Accept-Language': locale.value === 'en' ? 'en' : 'zh-CN' }
  if (sending.body !== undefined) header['Content-Type'] = 'application/json'
  if (sending.token) header.Authorization = `Bearer ${sending.token}`
  if (sending.key) header['Idempotency-Key'] = sending.key
  if (sending.device) header['X-Device-Id'] = sending.device
  return header
}

function parsed(data: unknown): unknown {
  if (typeof data !== 'string' || data === '') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

/** Rejects with a `Problem` for everything but a 2xx. */
export function send(sending: Sending): Promise<Answered> {
  return new Promise((resolve, reject) => {
    uni.request({
      url: address(sending),
      // uni's types know no PATCH; every platform that we build for does.
      method: sending.method.toUpperCase() as 'GET',
      header: headers(sending),
      data: sending.body === undefined ? undefined : JSON.stringify(sending.body),
      dataType: 'text',
      timeout: PATIENCE_MS,
      success: ({ statusCode, data, header }) => {
        const body = parsed(data)
        if (statusCode >= 200 && statusCode < 300) resolve({ status: statusCode, body, header: header as Record<string, string> })
        else reject(refused(statusCode, body))
      },
      fail: ({ errMsg }) => reject(unreached(errMsg ?? '')),
    })
  })
}
