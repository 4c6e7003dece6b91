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
