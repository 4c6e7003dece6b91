/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the API is, for the WeChat package; a browser asks its own origin. */
  readonly VITE_API_ORIGIN?: string
}

declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent<object, object, unknown>
  export default component
}
