/** Where the API answers. A browser build is served by the server itself; the WeChat package is built with an address. */
export function apiOrigin(): string {
  // #ifdef H5
  return ''
  // #endif
  // #ifndef H5
  return import.meta.env.VITE_API_ORIGIN ?? 'http://127.0.0.1:8080'
  // #endif
}
