import vue from '@vitejs/plugin-vue'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// During development the API is a demo's: `HUIKE_API=http://127.0.0.1:8080 npm run dev`.
const api = process.env.HUIKE_API ?? 'http://127.0.0.1:8080'
const proxy = { '/v1': api, '/sandbox': api, '/readyz': api }
// The policy under which the binary serves the build; `npm run preview` holds it to the same.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

export default defineConfig({
  base: '/console/',
  plugins: [vue()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy },
  preview: { proxy, headers: { 'content-security-policy': policy } },
  build: {
    target: 'es2022',
    // Charts are most of it, and are fetched by the pages that draw one.
    chunkSizeWarningLimit: 900,
    // A data: URL is no origin of ours for the content-security policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // A group takes what its modules import along, so what everybody needs is taken first.
            { name: 'charts', priority: 1, test: /node_modules\/(echarts|zrender|vue-echarts)/ },
            { name: 'vue', priority: 2, test: /node_modules\/(vue|@vue|vue-router|@tanstack|openapi-fetch)\// },
          ],
        },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    env: { TZ: 'UTC' },
    // A busy machine takes its time to load a language.
    testTimeout: 30_000,
  },
})
