/** Saving what a form holds: that it is under way, and in words what the last try failed of. */
import { ref } from 'vue'
import { notifyGood, problemWords } from './notify'
import { t } from '@/words'

export function useSaving() {
  const failure = ref('')
  const isSaving = ref(false)

  async function attempt(act: () => Promise<unknown>) {
    isSaving.value = true
    failure.value = ''
    try {
      await act()
      notifyGood(t('common.saved'))
    } catch (error) {
      failure.value = problemWords(error)
    } finally {
      isSaving.value = false
    }
  }

  return { failure, isSaving, attempt }
}
