/** A code in groups of four: easier to read out and to type; the hyphens don't count when it is typed in. */
export function grouped(code: string): string {
  return code.replaceAll(/(.{4})(?=.)/g, '$1-')
}
