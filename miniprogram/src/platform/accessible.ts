/**
 * uni-app's browser build draws its own elements: they look like buttons, headings and switches, and assistive technology and the
 * keyboard don't know it. This gives them their roles, and lets Enter and Space do what a tap does. WeChat reads `aria-role` by itself.
 */
// #ifdef H5
import { say } from '@/words'

const PRESSED = new Set(['button', 'link', 'tab', 'checkbox', 'switch', 'radio', 'option'])

/** What uni-app's own elements are. */
const ROLES: Array<[selector: string, role: string]> = [
  ['uni-page-body', 'main'],
  ['uni-page-head', 'banner'],
  ['.uni-page-head__title', 'heading'],
  ['.uni-page-head-btn', 'button'],
  ['uni-tabbar', 'navigation'],
  ['.uni-tabbar__item', 'button'],
  ['uni-button', 'button'],
  ['uni-switch', 'switch'],
]

function set(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

function give(element: Element, role: string): void {
  set(element, 'role', role)
  if (role === 'heading' && !element.hasAttribute('aria-level')) set(element, 'aria-level', '1')
  if (role === 'switch') set(element, 'aria-checked', String(element.querySelector('.uni-switch-input-checked') !== null))
  if (element.tagName === 'UNI-BUTTON') set(element, 'aria-disabled', String(element.hasAttribute('disabled')))
  // A page of mere text is scrolled by the keyboard too.
  if (PRESSED.has(role) || role === 'main') set(element, 'tabindex', '0')
}

function giveOwn(element: Element): void {
  give(element, element.getAttribute('aria-role') ?? '')
  element.removeAttribute('aria-role')
}

/** A field's name stands on the element around it. */
function nameField(element: Element): void {
  const label = element.getAttribute('aria-label')
  const field = element.querySelector('input,textarea')
  if (label && field) set(field, 'aria-label', label)
}

function nameAll(): void {
  for (const [selector, role] of ROLES) document.querySelectorAll(selector).forEach((element) => give(element, role))
  document.querySelectorAll('[aria-role]').forEach(giveOwn)
  document.querySelectorAll('uni-input,uni-textarea').forEach(nameField)
  document.querySelectorAll('img:not([alt])').forEach((picture) => set(picture, 'alt', ''))
  document.querySelectorAll('.uni-page-head-btn').forEach((button) => set(button, 'aria-label', say('common.back')))
}

function press(event: KeyboardEvent): void {
  const target = event.target as HTMLElement
  if ((event.key === 'Enter' || event.key === ' ') && PRESSED.has(target.getAttribute('role') ?? '') && target.tagName.startsWith('UNI-')) {
    event.preventDefault()
    target.click()
  }
}
// #endif

export function makeAccessible(): void {
  // #ifdef H5
  let due = false
  const later = (): void => {
    if (due) return
    due = true
    requestAnimationFrame(() => {
      due = false
      nameAll()
    })
  }
  new MutationObserver(later).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label', 'aria-role', 'disabled', 'class'] })
  document.addEventListener('keydown', press)
  later()
  // #endif
}
