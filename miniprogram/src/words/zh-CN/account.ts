export const account = {
  'account.title': '我的',
  'account.guest': '还没有登录',
  'account.language': '语言',
  'account.large': '大字显示',
  'account.privacy': '隐私说明',
  'account.signOut': '退出登录',
  'account.signOutAsk': '退出后，这部手机上不再显示会员码。会员资格不受影响。',
} as const
