/**
 * What WeChat asks of a template's values, by type: the mirror of `platform/src/wechat/template.rs`. Lengths count characters. The API
 * checks again; here it is told while it is typed.
 */
export type ParameterFault = 'empty' | 'break' | 'length' | 'form'

/** The most characters of a type that has a plain length. */
export const LENGTHS: Record<string, number> = {
  thing: 20,
  number: 32,
  letter: 32,
  symbol: 5,
  character_string: 32,
  phone_number: 17,
  car_number: 8,
  name: 10,
  phrase: 5,
}

const HAN = /^[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{323af}]+$/u
const HAS_HAN = /[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{323af}]/u
const CLOCK = String.raw`([01]?\d|2[0-3])(:[0-5]\d){1,2}`
const DAY = String.raw`(\d{4}年)?\d{1,2}月(\d{1,2}日)?|\d{4}([-/.]\d{1,2}){1,2}|\d{1,2}[-/.]\d{1,2}`
const TIME = new RegExp(`^((${DAY}) +)?${CLOCK}$`)
const DATE = new RegExp(`^(${DAY})( +${CLOCK})?$`)

/** Both ends of `from~to`, or the one moment. */
const isRange = (value: string, form: RegExp) => value.split('~').every((moment) => form.test(moment.trim()))

const FORMS: Record<string, (value: string) => boolean> = {
  number: (value) => /^\d+(\.\d+)?$/.test(value),
  letter: (value) => /^[A-Za-z]+$/.test(value),
  symbol: (value) => /^[^\p{L}\p{N}\s]+$/u.test(value),
  character_string: (value) => !HAS_HAN.test(value) && /^([\x20-\x7e]|[^\p{L}\p{N}\s])+$/u.test(value),
  time: (value) => isRange(value, TIME),
  date: (value) => isRange(value, DATE),
  amount: (value) => /^[$￥¢-¥\u20a0-\u20cf]?\d+(\.\d+)?元?$/.test(value) && value.replace(/\D/g, '').length <= 10,
  phone_number: (value) => /^(\d|[^\p{L}\p{N}\s])+$/u.test(value),
  car_number: (value) => /^[\u4e00-\u9fffA-Za-z0-9][A-Za-z0-9]*[\u4e00-\u9fffA-Za-z0-9]?$/.test(value),
  name: (value) => /^([A-Za-z ]|[^\p{L}\p{N}\s]|\p{Script=Han})+$/u.test(value),
  phrase: (value) => HAN.test(value),
}

export function lengthOf(type: string, value = ''): number | null {
  if (type === 'name') return HAS_HAN.test(value) ? 10 : 20
  return LENGTHS[type] ?? null
}

/** What is wrong with a value that holds no variable; null: the platform would take it. A type not known here is only held to the rest. */
export function parameterFault(type: string, value: string): ParameterFault | null {
  if (!value.trim()) return 'empty'
  // Control characters and the separators that break lines.
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) return 'break'
  const most = lengthOf(type, value)
  if (most !== null && [...value].length > most) return 'length'
  return FORMS[type]?.(value) === false ? 'form' : null
}
