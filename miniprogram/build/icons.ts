/** The icons of TDesign that are in the package. One that is not named here is drawn as nothing. */
export const icons = [
  'add', 'remove', 'check', 'check-circle', 'check-circle-filled', 'close', 'close-circle', 'close-circle-filled', 'loading',
  'chevron-right', 'chevron-left', 'chevron-down', 'chevron-up', 'arrow-right', 'arrow-up', 'error-circle', 'info-circle', 'help-circle', 'refresh',
  'qrcode', 'scan', 'coupon', 'ticket', 'discount', 'gift', 'star', 'star-filled', 'member', 'card', 'home', 'shop', 'user',
  'user-add', 'user-circle', 'usergroup', 'wallet', 'cart', 'bill', 'calendar', 'time', 'history', 'location', 'phone-locked',
  'lock-on', 'lock-off', 'lock-time', 'secured', 'fingerprint', 'notification', 'mail', 'chat-bubble', 'setting', 'translate',
  'share', 'edit', 'delete', 'download', 'upload', 'search', 'wifi-off', 'brightness', 'mobile', 'logout', 'keyboard',
  'swap', 'verify', 'logo-wechat-stroke', 'rollback', 'cloud-upload', 'view-list', 'service', 'textformat-bold', 'seal', 'file-download',
]
