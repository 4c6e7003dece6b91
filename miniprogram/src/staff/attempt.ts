/** What a till tries: that it is under way, and what stopped it, told by sound too. */
import { ref } from 'vue'
import { asProblem, type Problem } from '@/api/problem'
import { signal } from '@/platform/signal'

export function useAttempt() {
  const busy = ref(false)
  const problem = ref<Problem>()

  async function attempt(act: () => Promise<void>): Promise<void> {
    busy.value = true
    problem.value = undefined
    try {
      await act()
    } catch (cause) {
      signal('bad')
      problem.value = asProblem(cause)
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, attempt }
}
