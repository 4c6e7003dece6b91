import type { Words } from '../zh-CN'

const words: Words['stamps'] = {
  title: 'Stamp cards',
  lead: 'A stamp for each purchase, a coupon for a full sheet.',
  create: 'New stamp card',
  edit: 'Edit stamp card',
  empty: 'No stamp cards yet',
  emptyHint: 'For example “five stamps, one cup”: each visit brings the reward nearer.',
  namePlaceholder: 'e.g. Five stamps, one cup',
  full: 'Full sheet',
  fullHint: 'Once it has been stamped this stays.',
  stampsOf: '{n} {n|stamp|stamps}',
  unit: '',
  sheets: '',
  rule: 'How it is stamped',
  perMoney: 'one for each {money}',
  perPurchase: 'one for a purchase',
  mostLine: 'at most {n} a purchase',
  perDayLine: 'at most {n} a day',
  least: 'Money for a stamp',
  leastHint: 'Empty: one for a purchase.',
  most: 'Most of a purchase',
  perDay: 'Most of a day',
  rounds: 'Sheets per member',
  reward: 'Reward',
  rewardHint: 'A published template; given as far as its own limits allow.',
  allStores: 'All stores',
}

export default words
