/** A member's values of the brand's own attributes: in words, and what was changed of them. */
import type { components } from '@/api/schema'
import { formatDecimal } from '@/format/number'
import { formatDay } from '@/format/time'
import { t } from '@/words'

export type AttributeValue = string | number | boolean | null
export type Valued = components['schemas']['AttributeValueView']
export type Values = Record<string, AttributeValue>

/** '' while there is none. */
export function valueWords({ kind, value }: Valued): string {
  if (value === null || value === undefined) return ''
  if (kind === 'number') return formatDecimal(Number(value))
  if (kind === 'date') return formatDay(String(value))
  if (kind === 'boolean') return t(value === true ? 'common.yes' : 'common.no')
  return String(value)
}

export function valuesOf(attributes: readonly Valued[]): Values {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, (value ?? null) as AttributeValue]))
}

/** What is not as it was; null clears. */
export function changesOf(attributes: readonly Valued[], now: Values): Values {
  const before = valuesOf(attributes)
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => value !== before[key]))
}
