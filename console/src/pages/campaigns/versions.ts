/** What differs between two versions of a campaign, by field. */
export function changedFields(before: unknown, after: unknown): string[] {
  const [old, now] = [recordOf(before), recordOf(after)]
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()
  return fields.filter((field) => JSON.stringify(old[field] ?? null) !== JSON.stringify(now[field] ?? null))
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
