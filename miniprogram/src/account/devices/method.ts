/** Ways to sign in, by name. A way that this app does not know is told as it came. */
import { isKey, say } from '@/words'

export function methodName(method: string | null | undefined): string {
  if (!method) return ''
  const key = `account.devices.method.${method}`
  return isKey(key) ? say(key) : method
}

/** Anything else is the code of what refused it. */
export const isGood = (outcome: string): boolean => outcome === 'signed_in'
