/**
 * Writes what follows from src/theme/brand.json: the style variables, the colours of WeChat's own bars, and (with `--icons`,
 * which needs a Chromium) the pictures of the tab bar. The test in tests/theme.test.ts holds the first two to the file.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
export const brand = JSON.parse(readFileSync(join(root, 'src/theme/brand.json'), 'utf8'))

const lines = pairs => pairs.map(([name, value]) => `  --${name}: ${value};`).join('\n')

function colours(scheme) {
  const own = Object.entries(scheme).filter(([name]) => name !== 'ramp')
  const ramp = scheme.ramp.flatMap((value, index) => [[`td-brand-color-${index + 1}`, value], [`td-primary-color-${index + 1}`, value]])
  const mapped = [
    ['td-brand-color', 'var(--brand)'], ['td-brand-color-active', 'var(--brand-active)'], ['td-brand-color-focus', 'var(--brand-soft)'],
    ['td-brand-color-light', 'var(--brand-soft)'], ['td-brand-color-disabled', scheme.ramp[2]],
    ['td-success-color', 'var(--good)'], ['td-warning-color', 'var(--warn)'], ['td-error-color', 'var(--bad)'],
    ['td-bg-color-page', 'var(--paper)'], ['td-bg-color-container', 'var(--surface)'], ['td-bg-color-secondarycontainer', 'var(--surface-2)'],
    ['td-bg-color-component', 'var(--surface-2)'],
    ['td-text-color-primary', 'var(--ink)'], ['td-text-color-secondary', 'var(--ink-2)'], ['td-text-color-placeholder', 'var(--ink-3)'],
    ['td-text-color-brand', 'var(--brand)'], ['td-text-color-anti', 'var(--on-brand)'],
    ['td-component-stroke', 'var(--line)'], ['td-component-border', 'var(--line)'], ['td-border-level-1-color', 'var(--line)'],
  ]
  return lines([...own, ...ramp, ...mapped])
}

function sizes(factor) {
  return Object.entries(brand.type.sizes).flatMap(([name, size]) => {
    const px = Math.round(size * factor)
    return [[`text-${name}`, `${px}px`], [`line-${name}`, `${Math.round(px * (size > 20 ? 1.3 : 1.5))}px`]]
  })
}

function td(factor) {
  const px = size => `${Math.round(size * factor)}px`
  return [
    ['td-font-size-body-small', px(13)], ['td-font-size-body-medium', px(15)], ['td-font-size-body-large', px(15)],
    ['td-font-size-title-small', px(15)], ['td-font-size-title-medium', px(17)], ['td-font-size-title-large', px(17)],
  ]
}

function fixed() {
  const shape = Object.entries(brand.shape)
  const tiers = brand.tiers.flatMap((tier, index) => Object.entries(tier).map(([name, value]) => [`tier-${index}-${name}`, value]))
  return lines([
    ['face', brand.type.face], ['td-font-family', 'var(--face)'], ['td-font-family-medium', 'var(--face)'],
    ...sizes(1), ...td(1), ...shape, ['td-radius-default', 'var(--radius-control)'], ['td-radius-large', 'var(--radius-card)'], ...tiers,
  ])
}

/** They live on `page` in the mini-program and on `body` in a browser, where sheets lie outside of the page. */
export function variables() {
  const head = '/* Written by scripts/theme.mjs from brand.json. */\n'
  const at = 'body,\npage'
  return `${head}${at} {\n  color-scheme: light dark;\n${fixed()}\n${colours(brand.light)}\n}\n`
    + `@media (prefers-color-scheme: dark) {\n${at} {\n${colours(brand.dark)}\n}\n}\n`
    // Where the member chose one, whatever the phone's is.
    + `.scheme-light {\n  color-scheme: light;\n${colours(brand.light)}\n}\n`
    + `.scheme-dark {\n  color-scheme: dark;\n${colours(brand.dark)}\n}\n`
    + `.large {\n${lines([...sizes(brand.type.large), ...td(brand.type.large)])}\n}\n`
}

export function bars() {
  const of = (scheme, style) => ({
    barBackground: scheme.paper, barText: style, page: scheme.paper, tabBackground: scheme.surface, tabText: scheme['ink-3'], tabSelected: scheme.brand,
    tabBorder: style,
  })
  const icons = mode => Object.fromEntries(tabs.flatMap(([name]) => [[`${name}Icon`, `static/tabs/${name}-${mode}.png`], [`${name}Selected`, `static/tabs/${name}-${mode}-on.png`]]))
  const json = { light: { ...of(brand.light, 'black'), ...icons('light') }, dark: { ...of(brand.dark, 'white'), ...icons('dark') } }
  return `${JSON.stringify(json, null, 2)}\n`
}

export const tabs = [['card', 'cardmembership', 'cardmembership-filled'], ['coupons', 'ticket', 'ticket-filled'], ['points', 'star', 'star-filled'], ['me', 'user', 'user-filled']]

async function drawTabs() {
  const { chromium } = await import('@playwright/test')
  const require = createRequire(import.meta.url)
  const folder = join(dirname(require.resolve('tdesign-icons-svg/package.json')), 'src')
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  const page = await browser.newPage({ viewport: { width: 81, height: 81 } })
  for (const mode of ['light', 'dark']) {
    for (const [name, plain, filled] of tabs) {
      for (const [icon, colour, suffix] of [[plain, brand[mode]['ink-3'], ''], [filled, brand[mode].brand, '-on']]) {
        const svg = readFileSync(join(folder, `${icon}.svg`), 'utf8').replace('view-box', 'viewBox').replace('width="1em" height="1em"', 'width="69" height="69"')
        await page.setContent(`<body style="margin:6px;color:${colour}">${svg}</body>`)
        await page.screenshot({ path: join(root, `src/static/tabs/${name}-${mode}${suffix}.png`), omitBackground: true })
      }
    }
  }
  await browser.close()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'src/theme/variables.css'), variables())
  writeFileSync(join(root, 'src/theme.json'), bars())
  if (process.argv.includes('--icons')) await drawTabs()
}
