/** What the server would make of what is on the screen. It is asked again a moment after each change, and an answer is fresh for what it was asked for only. */
import { onUnmounted, ref, watch } from 'vue'
import { fetching } from '@/api/fetching'

/** Long enough to type another digit, short enough not to be waited for. */
const PAUSE_MS = 250

/** `basis` is what the question is about; of undefined nothing is asked. */
export function quoting<T>(basis: () => unknown, read: () => Promise<T>) {
  const quoted = fetching(read)
  const fresh = ref(false)
  let turn = 0
  let due: ReturnType<typeof setTimeout> | undefined

  async function ask(): Promise<void> {
    const mine = turn
    await quoted.load()
    if (mine === turn) fresh.value = quoted.problem === undefined
  }

  watch(basis, (about) => {
    turn += 1
    fresh.value = false
    clearTimeout(due)
    if (about === undefined) quoted.clear()
    else due = setTimeout(() => void ask(), PAUSE_MS)
  })
  onUnmounted(() => clearTimeout(due))

  return { quoted, fresh, ask }
}
