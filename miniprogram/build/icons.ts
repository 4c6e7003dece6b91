/** The icons of TDesign that are in the package. One that is not named here is drawn as nothing. */
export const icons = [
  'add', 'remove', 'check', 'check-circle', 'check-circle-filled', 'close', 'close-circle', 'close-circle-filled',
  'chevron-right', 'chevron-left', 'chevron-down', 'chevron-up', 'error-circle', 'info-circle',
  'qrcode', 'scan', 'coupon', 'ticket', 'gift', 'star', 'member', 'card', 'shop', 'user',
  'user-add', 'user-circle', 'usergroup', 'wallet', 'cart', 'bill', 'calendar', 'time', 'location',
  'lock-on', 'lock-time', 'secured', 'fingerprint', 'notification', 'mail', 'chat-bubble', 'setting', 'translate',
  'share', 'edit', 'delete', 'download', 'upload', 'search', 'wifi-off', 'brightness', 'mobile', 'keyboard',
  'swap', 'logo-wechat-stroke', 'logo-alipay', 'rollback', 'cloud-upload', 'service', 'textformat-bold', 'seal',
]
