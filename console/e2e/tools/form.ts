/** Controls by the words beside them, whichever kind of control it is. */
import { expect, type Locator, type Page } from '@playwright/test'

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The field with this label: its frame, with the control in it. */
export function field(within: Page | Locator, label: string): Locator {
  // What a filter has is looked for inside of the frame: it may not name where the frame stands.
  const root = 'goto' in within ? within : within.page()
  const named = root.locator('.label', { hasText: new RegExp(`^\\s*${escaped(label)}(选填)?\\s*$`) })
  return within.locator('.field').filter({ has: named }).first()
}

/** Chooses from a list, of the browser's or of the library's. */
export async function choose(within: Page | Locator, label: string, option: string | RegExp) {
  const frame = field(within, label)
  const own = frame.locator('select')
  if ((await own.count()) > 0) {
    const wanted = own.locator('option', { hasText: option }).first()
    await own.selectOption({ label: ((await wanted.textContent()) ?? '').trim() })
    return
  }
  await frame.locator('input').first().click()
  await frame.page().locator('.t-select-option:visible', { hasText: option }).first().click()
}

/** The confirmation that stands open: it says how many members are touched before it can be confirmed. */
export async function confirm(page: Page, button: string, touches?: RegExp) {
  const dialog = page.getByRole('dialog')
  if (touches) await expect(dialog).toContainText(touches)
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await expect(dialog).toHaveCount(0)
}
