/** A word at the top of the page that goes by itself. */
import { MessagePlugin } from 'tdesign-vue-next'
import { Problem } from '@/api/problem'
import { listOf, t } from '@/words'

export function notifyGood(text: string) {
  void MessagePlugin.success({ content: text, duration: 3000 })
}

/** The refusal's own words. */
export function notifyProblem(error: unknown) {
  void MessagePlugin.error({ content: problemWords(error), duration: 6000, closeBtn: true })
}

export function problemWords(error: unknown): string {
  if (!(error instanceof Problem)) return t('common.failed')
  if (error.code === 'offline') return t('common.offline')
  const fields = Object.entries(error.fields).map(([field, what]) => `${field}: ${what}`)
  const campaigns = listOf(error.facts?.campaigns ?? [])
  return [error.message, campaigns, ...fields].filter(Boolean).join(' · ')
}
