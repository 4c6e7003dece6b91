/** Ways to sign in, by name. */
import { isKey, say } from '@/words'

export function methodName(method: string | null | undefined): string {
  if (!method) return ''
  const key = `account.devices.method.${method}`
  return isKey(key) ? say(key) : say('account.devices.method.other')
}

/** Anything else is the code of what refused it. */
export const isGood = (outcome: string): boolean => outcome === 'signed_in'
