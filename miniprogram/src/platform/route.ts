/** The path of the page that is being set up. In a browser the list of pages may end with another one: whoever types an address comes back to its earlier place. */
// #ifdef H5
import { getCurrentInstance } from 'vue'
// #endif

export function ownRoute(): () => string {
  // #ifdef H5
  const page = getCurrentInstance()?.proxy as { route?: string } | null | undefined
  return () => page?.route ?? ''
  // #endif
  // #ifndef H5
  return () => getCurrentPages().at(-1)?.route ?? ''
  // #endif
}

/** The page that is looked at and its parameters, as an address to come back to. */
export function here(): string {
  // #ifdef H5
  return location.hash.slice(1)
  // #endif
  // #ifndef H5
  const page = getCurrentPages().at(-1) as { route?: string; options?: Record<string, string> } | undefined
  const parameters = Object.entries(page?.options ?? {}).map(([name, value]) => `${name}=${value}`)
  return `/${page?.route ?? ''}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`
  // #endif
}
