/** Writes src/theme/drawings.css: the line drawings of empty and failed faces, as masks that take the theme's colour. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const drawings = {
  ticket: '<path d="M18 34h84a4 4 0 0 1 4 4v10a8 8 0 0 0 0 16v10a4 4 0 0 1-4 4H18a4 4 0 0 1-4-4V64a8 8 0 0 0 0-16V38a4 4 0 0 1 4-4z"/><path d="M46 34v44" stroke-dasharray="4 5"/><path d="M60 50h30M60 62h18"/>',
  box: '<path d="M24 44l36-16 36 16-36 16z"/><path d="M24 44v32l36 16 36-16V44M60 60v32"/><path d="M42 36l36 16"/>',
  mail: '<rect x="20" y="32" width="80" height="52" rx="5"/><path d="M22 36l38 28 38-28"/><path d="M22 80l26-24M98 80L72 56"/>',
  calendar: '<rect x="24" y="30" width="72" height="60" rx="5"/><path d="M24 46h72M42 22v14M78 22v14"/><path d="M46 68l10 9 18-19"/>',
  receipt: '<path d="M34 22h52v74l-8.7-6-8.6 6-8.7-6-8.7 6-8.6-6-8.7 6z"/><path d="M46 40h28M46 54h28M46 68h14"/>',
  door: '<path d="M36 94V28a4 4 0 0 1 4-4h40a4 4 0 0 1 4 4v66M24 94h72"/><circle cx="74" cy="60" r="3"/>',
  cloud: '<path d="M40 80a17 17 0 0 1-2-34 25 25 0 0 1 48-3 19 19 0 0 1-2 37"/><path d="M62 58l-8 14h14l-8 14"/>',
}

export function drawingsCss() {
  const base = '.drawing { width: 120px; height: 120px; background-color: var(--ink-3); -webkit-mask-image: var(--drawing); mask-image: var(--drawing); -webkit-mask-size: 100% 100%; mask-size: 100% 100%; }\n'
  const rule = ([name, body]) => {
    const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 120 120' fill='none' stroke='#000' stroke-width='2.5' stroke-linecap='round' stroke-linejoin='round'>${body.replace(/"/g, "'")}</svg>`
    const url = `url("data:image/svg+xml,${svg.replace(/#/g, '%23').replace(/</g, '%3C').replace(/>/g, '%3E')}")`
    return `.drawing-${name} { --drawing: ${url}; }\n`
  }
  return `/* Written by scripts/drawings.mjs. */\n${base}${Object.entries(drawings).map(rule).join('')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(dirname(fileURLToPath(import.meta.url)), '../src/theme/drawings.css'), drawingsCss())
