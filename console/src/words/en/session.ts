import type { Words } from '../zh-CN'

const words: Words['session'] = {
  title: 'Sign in to the console',
  lead: 'Plan, send and learn from campaigns to your members',
  login: 'Login',
  password: 'Password',
  code: 'Code',
  codeHint: 'Six digits from your authenticator app, or a recovery code.',
  signIn: 'Sign in',
  signingIn: 'Signing in',
  changeTitle: 'Choose a new password',
  changeLead: 'Your one-time password must be changed first. Other devices are signed out when you do.',
  current: 'Current password',
  fresh: 'New password',
  freshHint: 'At least 10 characters; a few unrelated words work well.',
  repeat: 'New password again',
  repeatWrong: 'The two differ',
  tooShort: 'At least 10 characters',
  change: 'Change password',
  changed: 'Password changed',
  ended: 'Your session has ended. Sign in again.',
  owner: 'Owner',
  marketer: 'Marketer',
  store_manager: 'Store manager',
  cashier: 'Cashier',
  allStores: 'All stores',
  noConsole: 'Cashiers work in the mini-program’s staff pages',
  noConsoleHint: 'The console is for owners, marketers and store managers.',
}

export default words
