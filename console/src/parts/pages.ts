/** Paging by cursor: the server says where the next page begins, the way back is remembered here. */
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, ref, watch } from 'vue'

export interface Page<Row> {
  items: Row[]
  next_cursor?: string | null
}

export interface Pages {
  number: number
  hasPrevious: boolean
  hasNext: boolean
  isFetching: boolean
  previous: () => void
  next: () => void
}

/**
 * `key` names the list and its filters; a changed one begins at the first page. The result is what `<Faces>` takes, with `pages` for
 * `<DataTable>` beside it.
 */
export function usePages<Row>(
  key: () => readonly unknown[],
  read: (cursor?: string) => Promise<Page<Row>>,
  enabled: () => boolean = () => true,
) {
  const cursors = ref<string[]>([])
  watch(
    () => JSON.stringify(key()),
    () => (cursors.value = []),
  )
  const query = useQuery({
    queryKey: computed(() => [...key(), cursors.value.at(-1) ?? '']),
    queryFn: () => read(cursors.value.at(-1)),
    placeholderData: keepPreviousData,
    enabled: computed(enabled),
  })
  const pages = computed<Pages>(() => ({
    number: cursors.value.length + 1,
    hasPrevious: cursors.value.length > 0,
    hasNext: Boolean(query.data.value?.next_cursor),
    isFetching: query.isFetching.value,
    previous: () => (cursors.value = cursors.value.slice(0, -1)),
    next: () => {
      const next = query.data.value?.next_cursor
      if (next) cursors.value = [...cursors.value, next]
    },
  }))
  return { query, pages }
}
