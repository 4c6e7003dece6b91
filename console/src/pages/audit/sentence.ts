/** An entry of the audit log as a sentence: who did what, to what it is called, and why. */
import type { components } from '@/api/schema'
import chinese from '@/words/zh-CN/audit'
import { t, tCode } from '@/words'

export type Entry = components['schemas']['AuditEntryView']

/** Every act that has words, in the order of the words. */
export const ACTIONS = Object.keys(chinese).filter((key) => key.includes('.'))

export function actOf(entry: Entry): string {
  const name = nameOf(entry)
  return tCode('audit', entry.action, { name: name ? t('audit.named', { name }) : '' })
}

/** An act without its object, for the filter. */
export function actionWords(action: string): string {
  return tCode('audit', action, { name: '' })
}

export function reasonOf(entry: Entry): string {
  const reason = textIn(entry, 'reason')
  return reason ? t('audit.reason', { reason }) : ''
}

/** As it was called then, else as it is called now. */
function nameOf(entry: Entry): string {
  return textIn(entry, 'name') || (entry.subject_name ?? '')
}

function textIn(entry: Entry, key: string): string {
  const value = (entry.detail as Record<string, unknown>)[key]
  return typeof value === 'string' ? value : ''
}
