import type { Words } from '../zh-CN'

const words: Words['nav'] = {
  label: 'Main',
  fold: 'Fold the navigation',
  unfold: 'Unfold the navigation',
  skip: 'Skip to content',
  account: 'Account',
  theme: 'Appearance',
  light: 'Light',
  dark: 'Dark',
  system: 'As the device',
  language: '中文',
  signOut: 'Sign out',
  overview: 'Overview',
  reach: 'Reach',
  people: 'People',
  offers: 'Offers',
  operation: 'Operation',
  ownAccount: 'My account',
  campaigns: 'Campaigns',
}

export default words
