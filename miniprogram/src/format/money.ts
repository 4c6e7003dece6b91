/** Money is in fen everywhere; here it becomes words. */
import { say } from '@/words'

export interface Figure {
  sign: string
  whole: string
  /** With its dot; empty for whole yuan. */
  cents: string
}

const grouped = (whole: number): string => String(whole).replace(/\B(?=(\d{3})+$)/g, ',')

/** The parts that a large figure is set in. */
export function figure(fen: number): Figure {
  const amount = Math.abs(Math.round(fen))
  const rest = amount % 100
  const cents = rest === 0 ? '' : `.${String(rest).padStart(2, '0').replace(/0$/, '')}`
  return { sign: fen < 0 ? '-' : '', whole: grouped(Math.floor(amount / 100)), cents }
}

/** `1,280` or `20.5`, as it stands in a sentence. */
export function plain(fen: number): string {
  const { sign, whole, cents } = figure(fen)
  return sign + whole + cents
}

/** `¥1,280.50`, as on a receipt: always with fen. */
export function exact(fen: number): string {
  const amount = Math.abs(Math.round(fen))
  return `${fen < 0 ? '-' : ''}¥${grouped(Math.floor(amount / 100))}.${String(amount % 100).padStart(2, '0')}`
}

/** `20 元`. */
export const yuan = (fen: number): string => say('money.yuan', { amount: plain(fen) })

/** What a person typed, in fen; undefined when it is no amount of money. */
export function parseYuan(text: string): number | undefined {
  const match = /^(\d{1,7})(?:\.(\d{0,2}))?$/.exec(text.trim())
  if (!match) return undefined
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

/** Too long to be set as large as figures are. */
export const isLong = (figure: string): boolean => figure.length > 11

/** A count with thousands apart, signed when `signed`. */
export function count(n: number, signed = false): string {
  const text = (n < 0 ? '-' : '') + grouped(Math.abs(n))
  return signed && n > 0 ? `+${text}` : text
}
