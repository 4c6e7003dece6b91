import type { account as chinese } from '../zh-CN/account'

export const account: Record<keyof typeof chinese, string> = {
  'account.title': 'Me',
  'account.guest': 'Not signed in',
  'account.language': 'Language',
  'account.large': 'Large text',
  'account.privacy': 'Privacy notice',
  'account.signOut': 'Sign out',
  'account.signOutAsk': 'This phone will not show your card code any more. Your membership stays as it is.',
}
