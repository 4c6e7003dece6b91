/** Filters and tabs live in the address: a link shows the same to a colleague, and back goes back. */
import { computed, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** One parameter of the address. The fallback is left out of it. */
export function useParameter<Value extends string = string>(
  name: string,
  fallback: NoInfer<Value>,
): WritableComputedRef<Value> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => {
      const value = route.query[name]
      return typeof value === 'string' ? (value as Value) : fallback
    },
    set: (value) => {
      const query = { ...route.query, [name]: value === fallback ? undefined : value }
      void router.replace({ query })
    },
  })
}
