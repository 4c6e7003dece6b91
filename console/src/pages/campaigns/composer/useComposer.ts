/** The state of the composer: the draft, what is saved of it, and how it is saved. */
import { useQueryClient } from '@tanstack/vue-query'
import { computed, reactive, ref, watch } from 'vue'
import { answered, api } from '@/api/client'
import { staff } from '@/session/session'
import type { Campaign } from '../model'
import { bodyOf, copy, draftOf, emptyDraft, type Draft } from './draft'

const KEY = 'huike.composer'
/** What is not saved for this long is not picked up again. */
const KEEP_MS = 3 * 86_400_000

interface Kept {
  at: number
  draft: Draft
}

/** What was being written on this device before it was saved for the first time. */
function keptDraft(): Draft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOfPerson()) ?? 'null') as Kept | null
    return kept && Date.now() - kept.at < KEEP_MS ? { ...emptyDraft(), ...kept.draft } : null
  } catch {
    return null
  }
}

const keyOfPerson = () => `${KEY}.${staff.value?.id ?? ''}`

export function useComposer() {
  const queries = useQueryClient()
  const campaign = ref<Campaign | null>(null)
  const draft = reactive<Draft>(emptyDraft())
  const saved = ref(contentOf(draft))
  const wasRestored = ref(false)

  const isDirty = computed(() => contentOf(draft) !== saved.value)

  watch(
    () => contentOf(draft),
    () => {
      if (campaign.value || !isDirty.value) return
      localStorage.setItem(keyOfPerson(), JSON.stringify({ at: Date.now(), draft } satisfies Kept))
    },
  )

  function load(from: Campaign) {
    campaign.value = from
    Object.assign(draft, draftOf(from))
    saved.value = contentOf(draft)
  }

  /** The same words in another state, e.g. once somebody has approved them. */
  function refresh(from: Campaign) {
    if (campaign.value?.id === from.id && campaign.value.version === from.version) campaign.value = from
  }

  /** A new one with the words of another. */
  function copyFrom(from: Campaign, name: string) {
    Object.assign(draft, draftOf(from), { name, startDay: '' })
    if (draft.start === 'now') draft.start = 'at'
  }

  function restore() {
    const kept = keptDraft()
    if (!kept) return
    Object.assign(draft, kept)
    wasRestored.value = true
  }

  function startOver() {
    localStorage.removeItem(keyOfPerson())
    Object.assign(draft, emptyDraft())
    saved.value = contentOf(draft)
    wasRestored.value = false
  }

  /** Makes the draft, or a new version of it, where something has changed. */
  async function save(): Promise<Campaign> {
    const before = campaign.value
    const body = bodyOf(copy(draft) as Draft)
    if (before && !isDirty.value) return before
    const after = before
      ? await answered(
          api.PUT('/v1/console/campaigns/{id}', {
            params: { path: { id: before.id }, query: { version: before.version } },
            body,
          }),
        )
      : await answered(api.POST('/v1/console/campaigns', { body }))
    campaign.value = after
    saved.value = contentOf(draft)
    localStorage.removeItem(keyOfPerson())
    queries.setQueryData(['campaigns', after.id], after)
    void queries.invalidateQueries({ queryKey: ['campaigns'] })
    return after
  }

  return { campaign, draft, isDirty, wasRestored, load, refresh, copyFrom, restore, startOver, save }
}

/** When it starts belongs to the schedule and not to the words. */
function contentOf(draft: Draft): string {
  return JSON.stringify({ ...draft, startDay: '', startTime: '' })
}
