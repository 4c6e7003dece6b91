/**
 * All words of the app. `say(key, values)` gives them in the reader's language; it reads a reactive value, so what a template
 * says follows a change of language by itself.
 */
import { ref, shallowReactive } from 'vue'
import { englishAtHand, fetchEnglish } from '@/platform/english'
import { phoneLanguage } from '@/platform/language'
import { keep, recall } from '@/platform/storage'
import { chinese } from './zh-CN'

export type Key = keyof typeof chinese
export type Locale = 'zh-CN' | 'en'
type Values = Record<string, string | number>

const WORDS = shallowReactive<{ 'zh-CN': Record<Key, string>; en: Record<Key, string> | undefined }>({ 'zh-CN': chinese, en: englishAtHand() })
const KEPT = 'locale'

function systemLocale(): Locale {
  return phoneLanguage().toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

export const locale = ref<Locale>(recall<Locale>(KEPT) ?? systemLocale())

export function say(key: Key, values: Values = {}): string {
  const pattern: string = (WORDS[locale.value] ?? chinese)[key]
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** Two wordings in English where a number decides; Chinese has one. Keys end in `.one` and `.many`. */
export function sayCount(one: Key, many: Key, n: number, values: Values = {}): string {
  return say(n === 1 ? one : many, { n, ...values })
}

/** Whether the words of the reader's language are there. */
export const isReadable = (): boolean => WORDS[locale.value] !== undefined

/** Rejects where the words of that language can't be had now. */
export async function readWords(of: Locale): Promise<void> {
  if (of === 'en') WORDS.en ??= await fetchEnglish()
}

export async function chooseLocale(next: Locale): Promise<void> {
  await readWords(next)
  locale.value = next
  keep(KEPT, next)
  applyLocaleToBars()
}

/** The tab bar belongs to the platform and is told by hand. On a page without tabs it refuses, which harms nothing. */
export function applyLocaleToBars(): void {
  const tabs: Key[] = ['tab.card', 'tab.coupons', 'tab.points', 'tab.me']
  tabs.forEach((key, index) => uni.setTabBarItem({ index, text: say(key), fail: () => undefined }))
}

export const isKey = (key: string): key is Key => key in chinese
