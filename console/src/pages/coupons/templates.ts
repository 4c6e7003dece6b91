/** The coupon templates for pickers and for naming what an id stands for. */
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { answered, api } from '@/api/client'

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
