/**
 * A hand scanner that plays a keyboard: a run of quick letters that ends with Enter, while no field has the focus. In WeChat
 * such letters only reach a focused field, which the till offers.
 */
// #ifdef H5
const QUICK_MS = 120
const SHORTEST = 8

function letters(onCode: (code: string) => void): (event: KeyboardEvent) => void {
  let text = ''
  let last = 0
  return (event) => {
    if ((event.target as HTMLElement).closest('input,textarea')) return
    if (event.timeStamp - last > QUICK_MS) text = ''
    last = event.timeStamp
    if (event.key.length === 1) text += event.key
    if (event.key !== 'Enter' || text.length < SHORTEST) return
    event.preventDefault()
    onCode(text)
    text = ''
  }
}
// #endif

/** Gives back what stops it. */
export function listenToScanner(onCode: (code: string) => void): () => void {
  // #ifdef H5
  const onKey = letters(onCode)
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
  // #endif
  // #ifndef H5
  void onCode
  return () => undefined
  // #endif
}
