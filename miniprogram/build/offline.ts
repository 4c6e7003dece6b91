/** Puts `sw.js` beside the browser build: build/service-worker.js with the names of the files that it keeps. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const root = new URL('..', import.meta.url).pathname

export function offline(): Plugin {
  return {
    name: 'offline',
    enforce: 'post',
    generateBundle(_, bundle) {
      if (process.env.UNI_PLATFORM !== 'h5') return
      const pictures = readdirSync(join(root, 'src/static/tabs')).map((name) => `static/tabs/${name}`)
      const files = [...Object.keys(bundle).filter((name) => name.startsWith('assets/')), ...pictures].sort()
      const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 12)
      const head = `const VERSION = '${version}'\nconst FILES = ${JSON.stringify(files)}\n`
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: head + readFileSync(join(root, 'build/service-worker.js'), 'utf8') })
    },
  }
}
