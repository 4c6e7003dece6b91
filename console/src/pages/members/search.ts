/** What somebody typed to find a member: a full phone number, a full card number, or how a name begins. */
export type Wanted = { kind: 'phone'; phone: string } | { kind: 'card' | 'name'; q: string } | { kind: 'all' }

const PHONE = /^(?:\+?86)?(1[3-9]\d{9})$/
const CARD = /^\d{16}$/

export function wantedOf(typed: string): Wanted {
  const text = typed.trim()
  if (text === '') return { kind: 'all' }
  const digits = text.replaceAll(/[\s-]/g, '')
  const phone = PHONE.exec(digits)?.[1]
  if (phone) return { kind: 'phone', phone }
  if (CARD.test(digits)) return { kind: 'card', q: digits }
  return { kind: 'name', q: text }
}

/** Whoever is limited to stores finds members by a full number only. */
export function isExact(wanted: Wanted): boolean {
  return wanted.kind === 'phone' || wanted.kind === 'card'
}

/** A card's number in groups of four, as it stands on the card. */
export function cardNumber(number: string): string {
  return number.replaceAll(/(.{4})(?=.)/g, '$1 ')
}
