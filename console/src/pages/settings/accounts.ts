/** What is told of a platform account, and what to do when its check failed. */
import type { components } from '@/api/schema'
import { formatCount } from '@/format/number'
import { remedyFor } from '@/parts/remedies'
import { t } from '@/words'

export type Account = components['schemas']['PlatformAccountView']
export type AccountCheck = components['schemas']['AccountCheck']

export function factsOf(account: Account): { label: string; value: string }[] {
  const callbacks = account.has_callbacks == null ? '' : t(account.has_callbacks ? 'settings.callbacksOn' : 'settings.callbacksOff')
  const facts = [
    [t('settings.accountId'), account.id],
    [t('settings.keyTail'), account.key_tail],
    [t('settings.signName'), account.sign_name],
    [t('settings.weight'), account.weight == null ? '' : formatCount(account.weight)],
    [t('settings.callbacks'), callbacks],
  ] as const
  return facts.flatMap(([label, value]) => (value ? [{ label, value }] : []))
}

/** The remedy of the code, with the address that the platform named. */
export function helpFor({ code, about }: AccountCheck): string {
  const help = remedyFor(code) || t('settings.accountUnknown')
  return code === '40164' && about ? `${help} ${t('settings.myAddress', { address: about })}` : help
}

/** What the supplier says of the signature, and what to do where messages can't go out with it; '' where there is none. */
export function signatureWords(account: Account): string {
  const signature = account.last_check?.signature
  if (!signature) return ''
  const { state, reason, code } = signature
  const setting = account.platform === 'tencent' ? 'sms.sign_name, tencent_sms.sign_id' : 'sms.sign_name'
  const fillings = { name: account.sign_name ?? '', reason: reason ?? t('settings.noReason'), code: code ?? '', setting }
  return t(state === 'unknown' && !code ? 'settings.signature_unasked' : `settings.signature_${state}`, fillings)
}

/** Nothing goes out with such a signature. */
export function isSignatureBad(account: Account): boolean {
  return ['pending', 'refused', 'cancelled', 'unlisted'].includes(account.last_check?.signature?.state ?? '')
}

/** It works, and yet some messages can't go out. */
export function needsAttention(account: Account): boolean {
  return (account.last_check?.missing_templates.length ?? 0) > 0 || isSignatureBad(account)
}
