import type { Words } from '../zh-CN'

const words: Words['gates'] = {
  membership: 'Membership',
  rate: 'Rate',
  opt_out: 'Opt-out',
  channel: 'Channel',
  pause: 'Paused by the member',
  marketing_consent: 'Consent to marketing',
  address_and_consent: 'Address and subscription',
  offer: 'Offer',
  quiet_hours: 'Quiet hours',
  frequency_cap: 'Frequency cap',
  priority: 'Priority',
  budget: 'Budget',
  coupon: 'Coupon',
  holdout: 'Hold-out',
}

export default words
