/** Whether a campaign needs a second person's yes, and has it. */
import { computed, type Ref } from 'vue'
import { isApproved, needsApproval, type Campaign } from '../model'
import { usePolicy, useSegmentCount, useSegments } from '../sources'

export function useApproval(campaign: Ref<Campaign>) {
  const policy = usePolicy()
  const count = useSegmentCount(
    computed(() => campaign.value.segment_id),
    useSegments(),
  )
  const members = computed(() => count.data.value?.members ?? 0)
  const isNeeded = computed(() => Boolean(policy.data.value && needsApproval(policy.data.value, members.value)))
  /** It can't be scheduled before somebody has approved it. */
  const isMissing = computed(() => isNeeded.value && !isApproved(campaign.value))
  return { members, isNeeded, isMissing }
}
