// Packs the text files of a built front end once, as well as it goes, so that no request has to: `node scripts/precompress.mjs DIR`.
// The server sends FILE.br or FILE.gz to whoever takes it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const TEXT = /\.(js|css|html|svg|json)$/
const PACKINGS = { br: brotliCompressSync, gz: (text) => gzipSync(text, { level: 9 }) }

const [folder] = process.argv.slice(2)
for (const name of readdirSync(folder, { recursive: true }).filter((each) => TEXT.test(each))) {
  const text = readFileSync(join(folder, name))
  for (const [ending, pack] of Object.entries(PACKINGS)) {
    const packed = pack(text)
    if (packed.length < text.length) writeFileSync(join(folder, `${name}.${ending}`), packed)
  }
}
