/**
 * Every word of the console. One file per area and language in `zh-CN/` and `en/`; both languages have the same keys, which the
 * types and a test hold. `t('campaigns.title')`; places are `{name}`, and `{count|member|members}` picks by number.
 */
import { ref, shallowRef } from 'vue'
import chinese, { type Words } from './zh-CN'

export type Language = 'zh-CN' | 'en'
export type Area = keyof Words
export type WordKey = { [A in Area]: `${A}.${Extract<keyof Words[A], string>}` }[Area]
export type Fillings = Record<string, string | number>

const KEY = 'huike.language'

export const language = ref<Language>('zh-CN')
const words = shallowRef<Words>(chinese)

/** English is fetched when it is wanted. */
export async function chooseLanguage(wanted: Language) {
  words.value = wanted === 'en' ? (await import('./en')).default : chinese
  language.value = wanted
  localStorage.setItem(KEY, wanted)
  document.documentElement.lang = wanted
}

export async function restoreLanguage() {
  if (localStorage.getItem(KEY) === 'en') await chooseLanguage('en')
}

export function t(key: WordKey, fillings?: Fillings): string {
  return fill(found(key) ?? key, fillings)
}

/** Words for a code of the API that may be newer than this console: the code itself where there are none. */
export function tCode(area: Area, code: string, fillings?: Fillings): string {
  return fill(found(`${area}.${code}`) ?? code, fillings)
}

function found(key: string): string | undefined {
  const dot = key.indexOf('.')
  const area: Record<string, string> | undefined = words.value[key.slice(0, dot) as Area]
  return area?.[key.slice(dot + 1)]
}

/** Things beside each other: `a、b` or `a, b`. */
export function listOf(things: readonly string[]): string {
  return things.filter(Boolean).join(language.value === 'en' ? ', ' : '、')
}

/** Numbers get their separators. */
export function fill(text: string, fillings: Fillings = {}): string {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = fillings[name]
    if (value === undefined) return whole
    if (one !== undefined) return (value === 1 ? one : many) ?? ''
    return typeof value === 'number' ? new Intl.NumberFormat(language.value).format(value) : value
  })
}
