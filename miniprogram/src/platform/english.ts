/** The English words. WeChat's package holds them; a browser, whose first page is Chinese, fetches them when they are asked for. */
// #ifndef H5
import { english } from '@/words/en'
// #endif

type English = typeof import('@/words/en').english

/** Undefined where they must be fetched first. */
export function englishAtHand(): English | undefined {
  // #ifndef H5
  return english
  // #endif
  // #ifdef H5
  return undefined
  // #endif
}

export async function fetchEnglish(): Promise<English> {
  // #ifdef H5
  return (await import('@/words/en')).english
  // #endif
  // #ifndef H5
  return english
  // #endif
}
