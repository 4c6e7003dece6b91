/** What holds for the whole tree: words in two languages, generated files current, nothing asked of another origin. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import openapi, { astToString } from 'openapi-typescript'
import { describe, expect, it } from 'vitest'
import { icons } from '../build/icons'
import { drawingsCss } from '../scripts/drawings.mjs'
import { bars, variables } from '../scripts/theme.mjs'
import { chinese } from '@/words/zh-CN'
import { english } from '@/words/en'

const root = new URL('..', import.meta.url).pathname
const source = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? source(path) : [path]
  })
const files = source(join(root, 'src')).filter((path) => /\.(vue|ts)$/.test(path) && !/(schema\.d|\.test)\.ts$/.test(path))
const read = (path: string): string => readFileSync(path, 'utf8')
const blanks = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort()

describe('words', () => {
  it('are there in both languages, under the same keys', () => expect(Object.keys(english).sort()).toEqual(Object.keys(chinese).sort()))

  it('are not empty, and name the same values', () => {
    const dates = /^date\./
    for (const [key, text] of Object.entries(chinese)) {
      expect(text.trim(), key).not.toBe('')
      const other = english[key as keyof typeof english]
      expect(other.trim(), key).not.toBe('')
      if (!dates.test(key)) expect(blanks(other).filter((name) => !blanks(text).includes(name)), key).toEqual([])
    }
  })

  it('are all said somewhere', () => {
    const code = files.filter((path) => !/src\/words\/(zh-CN|en)\//.test(path)).map(read).join('\n')
    const beginnings = [...code.matchAll(/`([\w]+\.[\w.]*)\$\{/g)].map((match) => match[1] ?? '')
    const isSaid = (key: string): boolean => code.includes(`'${key}'`) || beginnings.some((beginning) => key.startsWith(beginning))
    // What a tier asks for is worded by one key with an ending.
    const unsaid = Object.keys(chinese).filter((key) => !isSaid(key) && !isSaid(key.replace(/(Visits|Both|Either)$/, '')))
    expect(unsaid).toEqual([])
  })

  it('stand nowhere else: no Chinese in pages and parts', () => {
    const allowed = /src\/(words\/|platform\/accessible\.ts|pages\/me\/)/
    const han = /[\u4e00-\u9fff]/
    for (const path of files.filter((each) => !allowed.test(each))) {
      const said = read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*|<!--[\s\S]*?-->/g, '')
      expect(han.test(said) ? path : '', path).toBe('')
    }
  })

  it('of the pictures exist: every icon that is named is in the package', () => {
    for (const path of files) for (const [, name = ''] of read(path).matchAll(/(?:<t-icon[^>]*? name| icon)="([a-z0-9-]+)"/g)) expect(icons, path).toContain(name)
    const code = files.map(read).join('\n')
    expect(icons.filter((name) => !new RegExp(`["']${name}["']`).test(code)), 'and no other is').toEqual([])
  })
})

describe('what is generated', () => {
  it('from brand.json is current: run `npm run theme`', () => {
    expect(read(join(root, 'src/theme/variables.css'))).toBe(variables())
    expect(read(join(root, 'src/theme.json'))).toBe(bars())
    expect(read(join(root, 'src/theme/drawings.css'))).toBe(drawingsCss())
  })

  it('from docs/openapi.json is current: run `npm run api`', async () => {
    const written = astToString(await openapi(new URL('../../docs/openapi.json', import.meta.url)))
    expect(read(join(root, 'src/api/schema.d.ts')).endsWith(written.slice(-2000))).toBe(true)
    expect(read(join(root, 'src/api/schema.d.ts')).includes(written.slice(0, 2000))).toBe(true)
    expect(read(join(root, 'src/api/schema.d.ts')).length - written.length).toBeLessThan(200)
  }, 30_000)
})

describe('the code', () => {
  it('keeps what differs between platforms in src/platform and few named places', () => {
    const allowed = /src\/(platform\/|reading\.ts|parts\/bottom-sheet\.vue|pages\/sign-in\/wechat-way\.vue|App\.vue)/
    for (const path of files.filter((each) => !allowed.test(each))) expect(/#ifn?def/.test(read(path)) ? path : '').toBe('')
  })

  it('names no other origin', () => {
    for (const path of files) {
      const addresses = [...read(path).matchAll(/https?:\/\/[\w.:-]+/g)].map((match) => match[0]).filter((address) => !/127\.0\.0\.1|www\.w3\.org/.test(address))
      expect(addresses, path).toEqual([])
    }
  })
})
