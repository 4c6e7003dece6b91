/** A change with its sign, with a true minus. */
import { formatCount } from '@/format/number'

export function signed(value: number): string {
  if (value === 0) return '0'
  return `${value > 0 ? '+' : '−'}${formatCount(Math.abs(value))}`
}
