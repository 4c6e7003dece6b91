/**
 * What the server knows this phone by again: a random text, made once and kept, that tells nothing of the phone or its owner. It goes with
 * what proves a phone number or an account and with nothing else; gifts for new members and codes by SMS are counted by it.
 */
import { keep, recall } from '@/platform/storage'
import { uuid } from './uuid'

const KEPT = 'device'

export function deviceId(): string {
  const known = recall<string>(KEPT)
  if (known) return known
  const made = uuid()
  keep(KEPT, made)
  return made
}
