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

export default defineConfig({
  base: process.env.UNI_PLATFORM === 'h5' ? '/m/' : undefined,
  plugins: [localIcons(icons), uni(), noCdn(), offline()],
  build: { assetsInlineLimit: 4096 },
  server: { proxy: { '/v1': server, '/sandbox': server } },
})
