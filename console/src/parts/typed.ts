/** The text of an input that stands for a number: it keeps what is being typed (`12.`) as long as that still means the number. */
import { ref, watch, type Ref } from 'vue'

interface Notation {
  /** What was typed up to where it stops being a number. */
  clean: (typed: string) => string
  parse: (text: string) => number | null
  show: (number: number | null) => string
}

export function typed(model: Ref<number | null>, { clean, parse, show }: Notation): Ref<string> {
  const text = ref(show(model.value))
  watch(text, (written) => {
    const kept = clean(written)
    if (kept !== written) return void (text.value = kept)
    model.value = parse(kept)
  })
  watch(model, (number) => {
    if (number !== parse(text.value)) text.value = show(number)
  })
  return text
}
