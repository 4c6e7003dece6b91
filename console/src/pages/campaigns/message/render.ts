/**
 * What a member reads: the wording with its variables filled, as `service/src/delivery/message.rs` and `price.rs` do it. The virtual
 * phone shows this and nothing else, so that it shows what is sent; `test/message.test.ts` holds the constants to the API's.
 */
import type { components } from '@/api/schema'

export type MessageDraft = components['schemas']['MessageDraft']
export type Channel = components['schemas']['Channel']

export const VARIABLES = ['name', 'card_number', 'brand', 'opt_out_link', 'opt_out_token'] as const
export type Variable = (typeof VARIABLES)[number]

/** One receiver, and what is the same for all. */
export interface Reader {
  name: string | null
  cardNumber: string
  brand: string
  optOutLink: string
  optOutToken: string
}

/** How a member without a name is addressed. */
const UNNAMED = '会员'

export function fillVariables(text: string, reader: Reader): string {
  return text
    .replaceAll('{{name}}', reader.name ?? UNNAMED)
    .replaceAll('{{card_number}}', reader.cardNumber)
    .replaceAll('{{brand}}', reader.brand)
    .replaceAll('{{opt_out_link}}', reader.optOutLink)
    .replaceAll('{{opt_out_token}}', reader.optOutToken)
}

export function variablesIn(text: string): string[] {
  return [...text.matchAll(/\{\{([^}]*)\}\}/g)].map((match) => (match[1] ?? '').trim())
}

/** In the order in which the API and the suppliers see them: by name. */
export function sortedParameters(message: MessageDraft): [string, string][] {
  return Object.entries(message.parameters ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The text as it arrives: the signature, then the supplier's wording with its places filled (`${name}` at Aliyun, `{1}` at Tencent). */
export function smsText(sign: string, message: MessageDraft, reader: Reader): string {
  const values = sortedParameters(message).map(([key, text]) => [key, fillVariables(text, reader)] as const)
  const body = message.body === null || message.body === undefined ? null : fillVariables(message.body, reader)
  const text =
    body === null
      ? values.map(([, value]) => value).join('')
      : values.reduce(
          (whole, [key, value], index) => whole.replaceAll(`\${${key}}`, value).replaceAll(`{${index + 1}}`, value),
          body,
        )
  return text.startsWith('【') || !sign ? text : `【${sign}】${text}`
}

/** A text up to this many characters is one part; a longer one is charged by parts of 67. */
export const ONE_PART = 70
export const PART = 67

/** What a supplier charges a text by, signature included. A character outside of the basic plane (an emoji) counts as two. */
export function smsSegments(text: string): number {
  return text.length <= ONE_PART ? 1 : Math.ceil(text.length / PART)
}

/** The places of a supplier's wording: `${name}` and `{1}`. */
export function smsPlaces(body: string): string[] {
  const named = [...body.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const numbered = [...body.matchAll(/(?<!\$)\{(\d+)\}/g)].map((match) => match[1] ?? '')
  return [...new Set([...named, ...numbered])]
}

export interface TemplateLine {
  label: string
  key: string
  /** `thing` of `thing1`. */
  type: string
}

/** The lines of a WeChat template, e.g. `活动名称:{{thing1.DATA}}`. */
export function templateLines(content: string): TemplateLine[] {
  return content.split('\n').flatMap((line) => {
    const match = /^(.*?)[:：]?\s*\{\{(\w+)\.DATA\}\}/.exec(line.trim())
    if (!match) return []
    const key = match[2] ?? ''
    return [{ label: match[1] ?? '', key, type: key.replace(/\d+$/, '') }]
  })
}
