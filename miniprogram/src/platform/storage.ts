/** What is kept on the phone. A value that can't be read, of an older version say, counts as not there. */
const PREFIX = 'huike.'

export function keep(name: string, value: unknown): void {
  try {
    uni.setStorageSync(PREFIX + name, JSON.stringify(value))
  } catch {
    // A full or forbidden storage costs a sign-in next time and nothing now.
  }
}

export function recall<T>(name: string): T | undefined {
  try {
    const text: unknown = uni.getStorageSync(PREFIX + name)
    return typeof text === 'string' && text !== '' ? (JSON.parse(text) as T) : undefined
  } catch {
    return undefined
  }
}

export function forget(name: string): void {
  uni.removeStorageSync(PREFIX + name)
}
