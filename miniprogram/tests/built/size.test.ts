/** What the two builds may weigh. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { loadEnv } from 'vite'
import { describe, expect, it } from 'vitest'
import { built } from '../built'

const root = new URL('../..', import.meta.url).pathname
const wechat = built(join(root, 'dist/build/mp-weixin'), 'npm run build:mp-weixin')
const browser = built(join(root, 'dist/build/h5'), 'npm run build:h5')
const KB = 1024
/** WeChat refuses 2 MB; half of it leaves room. */
const MAIN_PACKAGE = 1024 * KB
const FIRST_LOAD = 250 * KB
const TAB_PICTURE = 40 * KB

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}
const weight = (paths: string[]): number => paths.reduce((sum, path) => sum + statSync(path).size, 0)

describe('the WeChat package', () => {
  it('has a main package of less than 1 MB, and no sub-package that is heavier', () => {
    const { subPackages = [] } = JSON.parse(readFileSync(join(wechat, 'app.json'), 'utf8')) as { subPackages?: Array<{ root: string }> }
    const roots = subPackages.map((each) => join(wechat, each.root, '/'))
    const main = files(wechat).filter((path) => !roots.some((folder) => path.startsWith(folder)))
    expect(weight(main)).toBeLessThan(MAIN_PACKAGE)
    for (const folder of roots) expect(weight(files(folder)), folder).toBeLessThan(MAIN_PACKAGE)
  })

  it('has pictures that WeChat’s tab bar takes', () => {
    for (const path of files(join(wechat, 'static/tabs'))) expect(statSync(path).size, path).toBeLessThan(TAB_PICTURE)
  })

  it('names no other origin than the one that it was built for', () => {
    const own = loadEnv('production', root).VITE_API_ORIGIN
    for (const path of files(wechat).filter((each) => /\.(js|wxml|wxss|wxs)$/.test(each))) {
      const addresses = [...readFileSync(path, 'utf8').matchAll(/(?:https?:)?\/\/[\w-]+(?:\.[\w-]+)+/g)].map(([address]) => address)
      expect(addresses.filter((address) => address !== own && !/127\.0\.0\.1|www\.w3\.org|vuejs\.org|uniapp\.dcloud\.(io|net\.cn)/.test(address)), path).toEqual([])
    }
  })
})

describe('the browser build', () => {
  const assets = join(browser, 'assets')

  /** A script and all that it imports at once. */
  function loaded(name: string, seen = new Set<string>()): Set<string> {
    if (seen.has(name)) return seen
    seen.add(name)
    for (const [, other = ''] of readFileSync(join(assets, name), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) loaded(other, seen)
    return seen
  }

  it('loads less than 250 KB, compressed, before the first page is there', () => {
    const page = readFileSync(join(browser, 'index.html'), 'utf8')
    const entry = /assets\/([\w.-]+\.js)/.exec(page)?.[1] ?? ''
    const scripts = [...loaded(entry)]
    expect(readdirSync(assets).filter((name) => name.startsWith('pages-card')), 'the first page comes with the entry').toEqual([])
    const styles = readdirSync(assets).filter((name) => name.endsWith('.css'))
    const sum = [...new Set([...scripts, ...styles])].reduce((total, name) => total + gzipSync(readFileSync(join(assets, name))).length, 0)
    expect(sum).toBeGreaterThan(50 * KB)
    expect(sum).toBeLessThan(FIRST_LOAD)
  })

  it('has no script in its page, as the server’s policy demands', () => {
    const page = readFileSync(join(browser, 'index.html'), 'utf8')
    expect(page.match(/<script(?![^>]*\bsrc=)/g)).toBeNull()
  })
})
