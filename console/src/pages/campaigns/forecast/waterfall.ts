/** The forecast as the steps of a waterfall: each reason takes its members off those that were left. */
import type { components } from '@/api/schema'

type Forecast = components['schemas']['ForecastView']

export interface Fall {
  line: Forecast['others'][number]
  /** How many are left once these are taken off. */
  left: number
}

/** The largest loss first; those who are only late come last, beside those who get it. */
export function waterfall(forecast: Forecast | undefined): Fall[] {
  if (!forecast) return []
  const late = (line: Fall['line']) => Number(Boolean(line.deferred_until))
  const lines = [...forecast.others].sort((a, b) => late(a) - late(b) || b.members - a.members)
  let left = forecast.audience
  return lines.map((line) => {
    left -= line.members
    return { line, left }
  })
}
