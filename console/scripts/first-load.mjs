// After a build: what a first visit fetches stays under 300 KB gzip, and holds no charts. Run by `npm run build`.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const MOST = 300_000
const dist = resolve(import.meta.dirname, '..', process.argv[2] ?? 'dist')
const page = readFileSync(resolve(dist, 'index.html'), 'utf8')
const files = [...page.matchAll(/\/console\/(assets\/[^"]+\.(?:js|css))/g)].map((match) => match[1])
const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(resolve(dist, file))).length, 0)
const charts = files.filter((file) => file.includes('/charts-'))
console.log(`first load: ${Math.round(bytes / 1000)} KB gzip in ${files.length} files`)
if (bytes > MOST || charts.length) {
  console.error(`the first load may be ${MOST / 1000} KB without charts: ${charts.join(', ') || files.join(', ')}`)
  process.exit(1)
}
