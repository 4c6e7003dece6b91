/**
 * TDesign's `t-icon` loads its font from a CDN and puts the style of 2,000 glyphs into the package. Here the icons that are
 * used become masks of local SVG files, so nothing is asked of another origin.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

const require = createRequire(import.meta.url)
const SVG = join(dirname(require.resolve('tdesign-icons-svg/package.json')), 'src')
const BASE = '.t-icon-base{display:block;width:1em;height:1em;background-color:currentColor;-webkit-mask-image:var(--icon);mask-image:var(--icon);-webkit-mask-size:100% 100%;mask-size:100% 100%;-webkit-mask-repeat:no-repeat;mask-repeat:no-repeat}.t-icon--image,.t-icon__image{width:100%;height:100%}'

function mask(name: string): string {
  const svg = readFileSync(join(SVG, `${name}.svg`), 'utf8')
    .replace(/ (?:class|id)="[^"]*"/g, '')
    .replace('view-box', 'viewBox')
    .replace(/width="1em" height="1em"/, '')
    .replace(/currentColor/g, '#000')
    .replace(/<path fill="transparent"[^>]*><\/path>/g, '')
  const url = `url("data:image/svg+xml,${encodeURIComponent(svg).replace(/%20/g, ' ').replace(/%3D/g, '=').replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%22/g, "'")}")`
  return `.t-icon-${name}{--icon:${url}}`
}

export function localIcons(names: string[]): Plugin {
  const style = BASE + names.map(mask).join('')
  return {
    name: 'local-icons',
    enforce: 'pre',
    transform(code, id) {
      const [file] = id.split('?')
      if (file?.endsWith('/icon/icon.vue') && !id.includes('?'))
        return code.replace(/<style[^>]*src="\.\/icon\.css"[^>]*><\/style>/, `<style>${style}</style>`)
      return undefined
    },
  }
}
