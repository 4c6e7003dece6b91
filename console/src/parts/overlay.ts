/**
 * What a dialog owes to keyboards and screen readers: the focus goes in when it opens, stays in, and goes back where it came from;
 * Escape closes it.
 */
import { nextTick, onBeforeUnmount, useId, watch, type Ref } from 'vue'

const ABLE = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]'

/** Those that are open, the latest last: Escape and Tab are for that one. */
const opened: symbol[] = []

interface Options {
  open: Ref<boolean>
  box: Ref<HTMLElement | null>
  mayClose: () => boolean
}

export function useOverlay({ open, box, mayClose }: Options) {
  const self = Symbol('overlay')
  const titleId = useId()
  let before: HTMLElement | null = null

  watch(open, (isOpen) => (isOpen ? enter() : leave()), { immediate: true })
  onBeforeUnmount(leave)

  async function enter() {
    if (opened.includes(self)) return
    before = document.activeElement instanceof HTMLElement ? document.activeElement : null
    opened.push(self)
    document.addEventListener('keydown', onKey)
    document.documentElement.style.overflow = 'hidden'
    await nextTick()
    const first = box.value?.querySelector<HTMLElement>('[autofocus], .hk-overlay-body :is(input, select, textarea):not(:disabled)')
    ;(first ?? box.value)?.focus()
  }

  function leave() {
    const at = opened.indexOf(self)
    if (at < 0) return
    opened.splice(at, 1)
    document.removeEventListener('keydown', onKey)
    if (opened.length === 0) document.documentElement.style.overflow = ''
    before?.focus()
  }

  function onKey(event: KeyboardEvent) {
    if (opened.at(-1) !== self) return
    if (event.key === 'Tab') keepIn(event)
    // A list of choices that is open inside closes first.
    if (event.key === 'Escape' && !event.defaultPrevented && mayClose()) open.value = false
  }

  function keepIn(event: KeyboardEvent) {
    const stops = [...(box.value?.querySelectorAll<HTMLElement>(ABLE) ?? [])].filter((one) => one.offsetParent !== null)
    const [first, last] = [stops[0], stops.at(-1)]
    if (!first || !last) return event.preventDefault()
    const isIn = box.value?.contains(document.activeElement) && document.activeElement !== box.value
    const edge = event.shiftKey ? first : last
    if (isIn && document.activeElement !== edge) return
    event.preventDefault()
    ;(event.shiftKey ? last : first).focus()
  }

  return { titleId }
}
