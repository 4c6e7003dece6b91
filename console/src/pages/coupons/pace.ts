/** How fast a template goes, as a sentence. */
import type { components } from '@/api/schema'
import { formatCount } from '@/format/number'
import { formatDay } from '@/format/time'
import { t } from '@/words'

type Pace = components['schemas']['CouponPaceView']

export function paceWords({ left, recent, recent_days: days, gone_on }: Omit<Pace, 'days'>): string {
  if (left <= 0) return t('coupons.allGone')
  const told = { days, left: formatCount(left) }
  if (recent === 0) return t('coupons.noPace', told)
  const pace = { ...told, n: perDay(recent / days) }
  return gone_on ? t('coupons.goneOn', { ...pace, day: formatDay(gone_on) }) : t('coupons.notGone', pace)
}

/** A slow one with a decimal. */
function perDay(pace: number): string {
  return pace < 10 ? String(Math.round(pace * 10) / 10) : formatCount(Math.round(pace))
}
