/** How people and numbers of theirs are shown. */

/** `6000 0000 0000 0007`. */
export const groupedDigits = (digits: string): string => digits.replace(/(\d{4})(?=\d)/g, '$1 ')

/** A name as strangers at a counter may read it: `林*`, `欧阳**`, `A***`. */
export function maskedName(name: string): string {
  const letters = [...name.trim()]
  const [first] = letters
  if (first === undefined) return ''
  return first + '*'.repeat(Math.min(letters.length - 1, 3))
}

/** `139 1234 5678`, while it is being typed. */
export function spacedPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '').slice(0, 11)
  return [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7)].filter((part) => part !== '').join(' ')
}

export const isMobile = (phone: string): boolean => /^1[3-9]\d{9}$/.test(phone)

/** What is wrong with a number and the code that was sent to it, before anybody is asked. */
export function phoneCodeFault(phone: string, code: string): 'signIn.phoneWrong' | 'signIn.codeWrong' | undefined {
  if (!isMobile(phone)) return 'signIn.phoneWrong'
  return /^\d{6}$/.test(code) ? undefined : 'signIn.codeWrong'
}
