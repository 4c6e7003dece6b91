/** What the platform said to a call: its code, and the parameter that it names. The API's own message is English, so its words stay out. */
import { t } from '@/words'

export interface Said {
  code?: string | null
  message?: string | null
}

export function saidIn({ code, message }: Said): string {
  const parameter = /^the value of (\w+) breaks its rule$/.exec(message ?? '')?.[1]
  return [code, parameter && t('campaigns.attemptParameter', { name: parameter })].filter(Boolean).join(' · ')
}
