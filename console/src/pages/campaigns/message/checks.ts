/**
 * What a wording must hold before it goes out: values that the platform takes, a theme, a time and an offer, a way out of text
 * messages, and no words that the Advertising Law (广告法, article 9) or decency forbid. `must` stops the composer, `should` is advice.
 */
import type { WordKey, Fillings } from '@/words'
import { parameterFault, lengthOf } from './parameter'
import {
  VARIABLES,
  fillVariables,
  smsPlaces,
  sortedParameters,
  variablesIn,
  type Channel,
  type MessageDraft,
  type Reader,
  type TemplateLine,
} from './render'

export interface Check {
  level: 'must' | 'should' | 'fine'
  /** Where: a parameter's key, `template_id`, `title`, `body`, or the whole message. */
  field: string
  words: WordKey
  fillings?: Fillings
}

export interface CheckContext {
  reader: Reader
  /** The lines of the WeChat template that is chosen. */
  lines?: TemplateLine[]
  isMarketing: boolean
  couponName?: string | null
  hasPublicUrl?: boolean
}

/** Superlatives that the Advertising Law forbids, and pressure that is not true. */
export const FORBIDDEN = [
  '国家级',
  '最高级',
  '最佳',
  '最低价',
  '全网最低',
  '史上最低',
  '全国第一',
  '销量第一',
  '第一品牌',
  '独一无二',
  '绝无仅有',
  '顶级',
  '极品',
  '万能',
  '百分百有效',
  '包治',
  '最后一次机会',
  '不看后悔',
  '再不抢就没了',
]

const TIME = /\d{1,2}\s*月\s*\d{1,2}|\d{1,2}[:：]\d{2}|\d{4}[-/.年]\d{1,2}|周[一二三四五六日末]|星期|今[天日晚]|明[天日晚]|本[周月]|即日|截[至止]|\d+\s*[天日]内|有效期|\b(today|tomorrow|until|through|mon|tue|wed|thu|fri|sat|sun)/i
const OFFER = /券|减|折|赠|送|免费|积分|礼|优惠|福利|[¥￥]\s*\d|\d\s*元|试饮|试吃|体验|coupon|free|gift|points|% ?off/i
const WAY_OUT = /退订|拒收|\{\{opt_out_(link|token)\}\}|回复?\s*[TRtr]|unsubscribe|opt out|reply (stop|t|r)/i
const ADDRESS = /https?:\/\/|www\./i

export function checkWording(channel: Channel, message: MessageDraft, context: CheckContext): Check[] {
  const own = { wechat_subscribe: checkWechat, sms: checkSms, inbox: checkInbox }[channel](message, context)
  return [...own, ...checkVariables(message, context), ...checkWords(message), ...checkPurpose(channel, message, context)]
}

function checkWechat(message: MessageDraft, { lines, reader }: CheckContext): Check[] {
  if (!message.template_id) return [must('template_id', 'campaigns.check_template')]
  return (lines ?? []).flatMap((line) => {
    const text = message.parameters?.[line.key] ?? ''
    const fault = parameterFault(line.type, fillVariables(text, reader))
    if (!fault) return []
    const words = { empty: 'empty', break: 'break', length: 'length', form: 'form' } as const
    const most = lengthOf(line.type, text) ?? 0
    return [must(line.key, `campaigns.check_${words[fault]}`, { name: line.label, n: most })]
  })
}

function checkSms(message: MessageDraft, { isMarketing }: CheckContext): Check[] {
  const checks: Check[] = []
  const named = message.template_id || Object.keys(message.templates ?? {}).length > 0
  if (!named) checks.push(must('template_id', 'campaigns.check_smsTemplate'))
  if (!message.body?.trim()) checks.push(must('body', 'campaigns.check_smsBody'))
  const body = message.body ?? ''
  for (const place of smsPlaces(body)) {
    const values = sortedParameters(message)
    const value = /^\d+$/.test(place) ? values[Number(place) - 1]?.[1] : message.parameters?.[place]
    if (!value?.trim()) checks.push(must(place, 'campaigns.check_place', { name: place }))
    else if (ADDRESS.test(value)) checks.push(must(place, 'campaigns.check_address', { name: place }))
  }
  if (isMarketing && body && !WAY_OUT.test(body)) checks.push(must('body', 'campaigns.check_wayOut'))
  return checks
}

function checkInbox(message: MessageDraft): Check[] {
  const checks: Check[] = []
  if (!message.title?.trim()) checks.push(must('title', 'campaigns.check_title'))
  if (!message.body?.trim()) checks.push(must('body', 'campaigns.check_body'))
  return checks
}

function checkVariables(message: MessageDraft, { hasPublicUrl }: CheckContext): Check[] {
  return textsOf(message).flatMap(([field, text]) =>
    variablesIn(text).flatMap((name) => {
      if (!(VARIABLES as readonly string[]).includes(name)) return [must(field, 'campaigns.check_variable', { name })]
      if (name === 'opt_out_link' && hasPublicUrl === false) return [must(field, 'campaigns.check_publicUrl')]
      return []
    }),
  )
}

function checkWords(message: MessageDraft): Check[] {
  return textsOf(message).flatMap(([field, text]) =>
    FORBIDDEN.filter((word) => text.includes(word)).map((word) => must(field, 'campaigns.check_forbidden', { word })),
  )
}

/** A marketing message says what it is about, when, and what it brings. */
function checkPurpose(channel: Channel, message: MessageDraft, context: CheckContext): Check[] {
  if (!context.isMarketing) return []
  const text = textsOf(message)
    .map(([, one]) => one)
    .join('\n')
  const kinds = Object.entries(message.parameters ?? {}).filter(([, value]) => value.trim())
  const hasKind = (...types: string[]) => kinds.some(([key]) => types.includes(key.replace(/\d+$/, '')))
  const hasTheme = channel === 'wechat_subscribe' ? hasKind('thing', 'phrase', 'name') : text.trim().length >= 4
  const hasTime = TIME.test(text) || (channel === 'wechat_subscribe' && hasKind('time', 'date'))
  const hasOffer =
    OFFER.test(text) ||
    (channel === 'wechat_subscribe' && hasKind('amount')) ||
    Boolean(context.couponName && text.includes(context.couponName))
  return [
    hasTheme ? fine('campaigns.check_themeFine') : must('message', 'campaigns.check_theme'),
    hasTime ? fine('campaigns.check_timeFine') : must('message', 'campaigns.check_time'),
    hasOffer ? fine('campaigns.check_offerFine') : must('message', 'campaigns.check_offer'),
  ]
}

function textsOf(message: MessageDraft): [string, string][] {
  const texts = [...sortedParameters(message)]
  if (message.title) texts.push(['title', message.title])
  if (message.body) texts.push(['body', message.body])
  return texts
}

const must = (field: string, words: WordKey, fillings?: Fillings): Check => ({ level: 'must', field, words, fillings })
const fine = (words: WordKey): Check => ({ level: 'fine', field: 'message', words })

export function isReady(checks: Check[]): boolean {
  return checks.every((check) => check.level !== 'must')
}

export function faultOf(checks: Check[], field: string): Check | undefined {
  return checks.find((check) => check.field === field && check.level === 'must')
}
