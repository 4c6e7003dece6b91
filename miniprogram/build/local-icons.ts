/**
 * TDesign's icons as masks of local SVG files, in one style sheet, `virtual:icons.css`. TDesign's own `t-icon`, which its
 * components use, loads a font from a CDN and brings the style of 2,000 glyphs; it is left without both.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

const require = createRequire(import.meta.url)
const SVG = join(dirname(require.resolve('tdesign-icons-svg/package.json')), 'src')
const BASE = 'display:block;flex:none;width:1em;height:1em;background-color:currentColor;-webkit-mask:var(--icon) center/100% 100% no-repeat;mask:var(--icon) center/100% 100% no-repeat'
const NAME = 'virtual:icons.css'

function mask(name: string): string {
  const svg = readFileSync(join(SVG, `${name}.svg`), 'utf8')
    .replace(/ (?:class|id)="[^"]*"/g, '')
    .replace('view-box', 'viewBox')
    .replace(/ width="1em" height="1em"/, '')
    .replace(/currentColor/g, '#000')
    .replace(/<path fill="transparent"[^>]*><\/path>/g, '')
    .replace(/<\/?g>/g, '')
    .replace(/"/g, "'")
    .replace(/[#<>]/g, encodeURIComponent)
  return `.icon-${name},.t-icon-${name}{--icon:url("data:image/svg+xml,${svg}")}`
}

export function localIcons(names: string[]): Plugin {
  return {
    name: 'local-icons',
    enforce: 'pre',
    resolveId: (id) => (id === NAME ? `/${NAME}` : undefined),
    load: (id) => (id === `/${NAME}` ? `.icon,.t-icon-base{${BASE}}${names.map(mask).join('')}` : undefined),
    transform(code, id) {
      if (id.endsWith('/icon/icon.vue')) return code.replace(/<style[^>]*src="\.\/icon\.css"[^>]*><\/style>/, '')
      return undefined
    },
  }
}
