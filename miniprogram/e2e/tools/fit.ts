/** Whether a page fits the screen and the thumb. */
import type { Page } from '@playwright/test'

/** The least side of what is tapped, in px. */
const THUMB = 44

/** What is wrong with what the page shows, in words. */
export async function misfits(page: Page): Promise<string[]> {
  return page.evaluate((thumb) => {
    const TAPPED = '[role="button"],[role="link"],[role="checkbox"],[role="switch"],[role="radio"],[role="tab"],uni-input,uni-textarea'
    const found: string[] = document.documentElement.scrollWidth > innerWidth ? ['wider than the screen'] : []
    const hits = (target: Element, x: number, y: number): boolean => {
      const top = document.elementFromPoint(Math.min(Math.max(x, 1), innerWidth - 1), Math.min(Math.max(y, 1), innerHeight - 1))
      return top !== null && (target.contains(top) || top.closest(TAPPED)?.contains(target) === true)
    }
    for (const target of document.querySelectorAll(`uni-page :is(${TAPPED})`)) {
      if (!target.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || target.closest('[aria-hidden="true"]')) continue
      target.scrollIntoView({ block: 'center', inline: 'center' })
      const box = target.getBoundingClientRect()
      if (box.width === 0 || box.height === 0) continue
      const [x, y, far] = [box.left + box.width / 2, box.top + box.height / 2, thumb / 2 - 1]
      const round = [[-far, 0], [far, 0], [0, -far], [0, far]] as const
      if (!round.every(([dx, dy]) => hits(target, x + dx, y + dy)))
        found.push(`${target.getAttribute('data-testid') ?? target.getAttribute('aria-label') ?? target.textContent?.trim().slice(0, 20) ?? ''}: ${Math.round(box.width)} by ${Math.round(box.height)} px is small for a thumb`)
    }
    scrollTo(0, 0)
    return found
  }, THUMB)
}
