/** Quiet hours, which may cross midnight: `service/src/delivery/quiet.rs` decides, this tells before. */

const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))

export function isQuiet(time: string, start: string, end: string): boolean {
  const [at, from, to] = [minutesOf(time), minutesOf(start), minutesOf(end)]
  if (from === to) return false
  return from < to ? at >= from && at < to : at >= from || at < to
}

/** When a message of this time goes out instead; null: it isn't quiet then. */
export function quietUntil(time: string, start: string, end: string): string | null {
  return isQuiet(time, start, end) ? end : null
}

/** The quiet spans of one day, in minutes from midnight. */
export function quietSpans(start: string, end: string): [number, number][] {
  const [from, to] = [minutesOf(start), minutesOf(end)]
  if (from === to) return []
  return from < to
    ? [[from, to]]
    : [
        [0, to],
        [from, 1440],
      ]
}
