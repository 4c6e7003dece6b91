/**
 * uni-app's browser build draws its own elements: they look like buttons and switches, and assistive technology and the keyboard
 * don't know it. This gives them their roles, and lets Enter and Space do what a tap does. WeChat reads `aria-role` by itself.
 */
// #ifdef H5
const ROLES: Record<string, string> = { 'UNI-BUTTON': 'button', 'UNI-SWITCH': 'switch' }
const PRESSED = new Set(['button', 'link', 'tab', 'checkbox', 'switch', 'radio'])
const BY_ROLE = 'uni-button,uni-switch,[aria-role],.uni-tabbar__item,uni-input,uni-textarea,[aria-hidden=""],.uni-page-head-btn'

function name(element: HTMLElement): void {
  if (element.getAttribute('aria-hidden') === '') element.setAttribute('aria-hidden', 'true')
  if (element.tagName === 'UNI-INPUT' || element.tagName === 'UNI-TEXTAREA') return nameField(element)
  if (element.classList.contains('uni-page-head-btn')) return void (element.setAttribute('role', 'button'), element.setAttribute('aria-label', '返回 Back'))
  const role = element.classList.contains('uni-tabbar__item') ? 'button' : (ROLES[element.tagName] ?? element.getAttribute('aria-role'))
  if (!role) return
  if (element.getAttribute('role') !== role) element.setAttribute('role', role)
  if (element.tagName === 'UNI-SWITCH') element.setAttribute('aria-checked', String(element.querySelector('.uni-switch-input-checked') !== null))
  const focusable = PRESSED.has(role) ? '0' : null
  if (focusable && element.getAttribute('tabindex') !== focusable) element.setAttribute('tabindex', focusable)
}

function nameField(element: HTMLElement): void {
  const label = element.getAttribute('aria-label')
  const field = element.querySelector('input,textarea')
  if (label && field?.getAttribute('aria-label') !== label) field?.setAttribute('aria-label', label)
}

function nameAll(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>(BY_ROLE).forEach(name)
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
      nameAll(document)
    })
  }
  new MutationObserver(later).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-label', 'aria-role', 'class'] })
  document.addEventListener('keydown', press)
  later()
  // #endif
}
