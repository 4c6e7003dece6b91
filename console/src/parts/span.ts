/** Whole days of the shop as the instants that the API keeps, and back. */
import { dayOf, instantOf } from '@/format/time'

export function openFrom(day: string | null): string | null {
  return day ? instantOf(day, '00:00:00').toISOString() : null
}

/** The last second of the day. */
export function openUntil(day: string | null): string | null {
  return day ? instantOf(day, '23:59:59').toISOString() : null
}

export function dayOrNull(at?: string | null): string | null {
  return at ? dayOf(at) : null
}

export function isReversed(from: string | null, until: string | null): boolean {
  return from !== null && until !== null && from > until
}
