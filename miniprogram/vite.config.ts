import uniPlugin from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'
import { icons } from './build/icons'
import { localIcons } from './build/local-icons'
import { noCdn } from './build/no-cdn'
import { offline } from './build/offline'

// The plugin is CommonJS: under "type": "module" the callable sits on .default.
const uni = (uniPlugin as unknown as { default?: typeof uniPlugin }).default ?? uniPlugin

// `npm run dev:h5` beside a running server: HUIKE_SERVER=http://127.0.0.1:8080
const server = process.env.HUIKE_SERVER ?? 'http://127.0.0.1:8080'

const isBrowser = process.env.UNI_PLATFORM === 'h5'

/**
 * What the first page needs, in two files that index.html asks for at once: the frameworks, and of ours the page and what most pages
 * share. A phone would otherwise ask for some twenty small files, and only after the first of them has run.
 */
function firstLoad(id: string): string | undefined {
  if (/node_modules\/(@dcloudio|@vue|vue|vue-router)\//.test(id)) return 'frameworks'
  return /\/src\/(api|card|format|pages\/card|parts|platform|words(?!\/en))\/|\/src\/[\w-]+\.ts$/.test(id) ? 'first-page' : undefined
}

export default defineConfig({
  base: isBrowser ? '/m/' : undefined,
  plugins: [localIcons(icons), uni(), noCdn(), offline()],
  build: { assetsInlineLimit: 4096, rollupOptions: isBrowser ? { output: { manualChunks: firstLoad } } : {} },
  server: { proxy: { '/v1': server, '/sandbox': server } },
})
