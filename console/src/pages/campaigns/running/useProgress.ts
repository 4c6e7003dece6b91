/** A campaign's progress: live while it runs, once when it doesn't. */
import { useQueryClient } from '@tanstack/vue-query'
import { onUnmounted, ref, shallowRef, watch, type Ref } from 'vue'
import { listen } from '@/api/stream'
import type { Problem } from '@/api/problem'
import type { Campaign } from '../model'
import type { Progress } from './progress'

export function useProgress(campaign: Ref<Campaign>) {
  const queries = useQueryClient()
  const progress = shallowRef<Progress>()
  const problem = shallowRef<Problem | null>(null)
  const isLive = ref(false)
  let stop = () => {}

  function begin() {
    stop()
    isLive.value = true
    stop = listen<Progress>(
      `/v1/console/campaigns/${campaign.value.id}/progress`,
      (event) => {
        problem.value = null
        progress.value = event
        // The page's head, its buttons and the list follow the stream.
        if (event.state !== campaign.value.state) void queries.invalidateQueries({ queryKey: ['campaigns'] })
      },
      (failed) => (problem.value = failed),
    )
  }

  watch(() => campaign.value.id, begin, { immediate: true })
  // A campaign that goes on, or is sent again, has a stream again.
  watch(
    () => campaign.value.state,
    (state, before) => state !== before && begin(),
  )
  onUnmounted(() => stop())
  return { progress, problem, isLive, again: begin }
}
