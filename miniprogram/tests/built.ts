import { existsSync } from 'node:fs'

/** What a test looks at must have been built: it fails and says how, instead of passing over it. */
export function built(path: string, how: string): string {
  if (!existsSync(path)) throw new Error(`${path} is not there: ${how}`)
  return path
}
