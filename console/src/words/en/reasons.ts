import type { Words } from '../zh-CN'

const words: Words['reasons'] = {
  holdout: 'In the hold-out group',
  member_inactive: 'The membership is disabled or closed',
  merged: 'The member was merged; of one campaign one message is enough',
  opted_out: 'The member opted out',
  paused_by_member: 'The member paused messages',
  not_personalised: 'The member turned personalised messages off',
  no_marketing_consent: 'The member has not agreed to marketing',
  no_address: 'There is no address on this channel',
  no_consent: 'The member has no subscription left for this template',
  offer_ended: 'The offer has ended',
  quiet_hours: 'Quiet hours',
  frequency_cap: 'The member has had as many messages as allowed',
  yields_to_priority: 'A campaign of higher priority takes the member’s last message',
  budget: 'The budget is used up',
  channel_not_configured: 'The channel is not set up',
  coupon_sold_out: 'The coupon that goes with it is sold out',
  coupon_limit_reached: 'The member holds as many of the coupon as allowed',
  coupon_not_claimable: 'The coupon that goes with it can’t be issued',
  campaign_cancelled: 'The campaign was cancelled',
  content_invalid: 'The content breaks the template’s rules',
  platform_refused: 'The platform refused the message',
  tries_exceeded: 'Given up after several tries',
  answer_never_heard: 'The platform’s answer was never heard; it is not sent again',
  platform_busy: 'The platform is busy; it will be tried later',
  platform_throttled: 'The platform throttles; it will be tried later',
  delivery_failed: 'The platform could not deliver it',
}

export default words
