/** Figures as people read them. Money comes from the API in fen and is turned into yuan here and nowhere else. */
import { language } from '@/words'

const FEN = 100

export function formatCount(value: number): string {
  return new Intl.NumberFormat(language.value).format(value)
}

/** Large figures for tiles: `12.3 万` in Chinese, `123K` in English. */
export function formatShort(value: number): string {
  if (Math.abs(value) < 10_000) return formatCount(value)
  return new Intl.NumberFormat(language.value, { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

/** `¥1,234.50`; whole yuan without fen. */
export function formatMoney(fen: number): string {
  const digits = fen % FEN === 0 ? 0 : 2
  const sign = fen < 0 ? '-' : ''
  const yuan = new Intl.NumberFormat(language.value, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(Math.abs(fen) / FEN)
  return `${sign}¥${yuan}`
}

/** A share between 0 and 1 as `12.5%`. */
export function formatShare(share: number, digits = 1): string {
  return new Intl.NumberFormat(language.value, {
    style: 'percent',
    minimumFractionDigits: 0,
    maximumFractionDigits: digits,
  }).format(share)
}

/** A difference of shares in percentage points, always with its sign. */
export function formatPoints(difference: number, digits = 1): string {
  const value = new Intl.NumberFormat(language.value, {
    signDisplay: 'exceptZero',
    maximumFractionDigits: digits,
  }).format(difference * 100)
  return `${value} pp`
}

/** What was typed as yuan in fen; null when it is no amount of at most two decimals. */
export function parseYuan(text: string): number | null {
  const trimmed = text.trim().replaceAll(',', '')
  if (!/^\d{1,9}(\.\d{1,2})?$/.test(trimmed)) return null
  return Math.round(Number(trimmed) * FEN)
}

/** Fen as the text of an input. */
export function yuanText(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return ''
  return fen % FEN === 0 ? String(fen / FEN) : (fen / FEN).toFixed(2)
}

const DECIMALS = 4

/** A number of an attribute, with the decimals that it has. */
export function formatDecimal(value: number): string {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: DECIMALS }).format(value)
}

/** What was typed up to where it stops being a number of at most twelve digits and four decimals; full-width signs count too. */
export function decimalIn(typed: string): string {
  const plain = typed.replaceAll(/[−－]/g, '-').replaceAll(/[。．]/g, '.').replaceAll(/[^\d.-]/g, '')
  return /^-?\d{0,12}(\.\d{0,4})?/.exec(plain)?.[0] ?? ''
}

/** Null while it is none yet: empty, a sign or a point alone. */
export function parseDecimal(text: string): number | null {
  return /\d/.test(text) ? Number(text) : null
}

/** A number as the text of an input. */
export function decimalText(value: number | null): string {
  return value === null ? '' : String(value)
}
