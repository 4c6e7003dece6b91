/** The coupon templates for pickers and for naming what an id stands for. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answered, api } from '@/api/client'
import { t } from '@/words'

const MOST = 200

export function useTemplateNames() {
  const query = useQuery({
    queryKey: ['coupon-templates', 'names'],
    queryFn: () => answered(api.GET('/v1/console/coupon-templates', { params: { query: { limit: MOST } } })),
  })
  const templates = computed(() => query.data.value?.items ?? [])
  return {
    templates,
    published: computed(() => templates.value.filter((one) => one.state === 'published')),
    name: (id?: string | null) => templates.value.find((one) => one.id === id)?.rules.name ?? (id ? '…' : ''),
  }
}

/** The published ones to choose from, after `none`; one that is chosen already stays, whatever became of it. */
export function useTemplateChoice(chosen: () => readonly string[], none = t('coupons.chooseTemplate')) {
  const { templates } = useTemplateNames()
  return computed(() => [
    { value: '', label: none },
    ...templates.value
      .filter((one) => one.state === 'published' || chosen().includes(one.id))
      .map((one) => ({ value: one.id, label: one.rules.name })),
  ])
}
