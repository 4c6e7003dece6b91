/** The notice that is shown before anything is collected. A brand replaces it with its own lawyers' words. */
export const privacy = {
  'privacy.title': '隐私说明',
  'privacy.lead': '在您同意之前，我们不收集任何个人信息。下面说明会员服务要用到什么、为什么、您有哪些权利。',
  'privacy.what.title': '收集什么，为什么',
  'privacy.what.phone': '手机号：建立会员卡、登录、找回会员身份。加密保存，店员只能看到中间打码的号码。',
  'privacy.what.wechat': '微信标识（openid）：让您一键登录，并发送您同意接收的订阅消息。我们不读取您的微信昵称、头像和好友。',
  'privacy.what.purchase': '消费记录（门店、时间、金额、商品）：计算积分和等级、处理退货。',
  'privacy.what.profile': '姓名、性别、生日、职业，以及门店另外问到的：由您自愿填写，用于称呼您、生日优惠和更合适的推荐，可以随时修改或清空。',
  'privacy.what.behaviour': '在小程序里的浏览：只有您在“个人资料”里开启后才记录，用于更合适的推荐；关闭后不再记录，已有的随即删除。',
  'privacy.share.title': '给谁',
  'privacy.share.text': '不出售、不向第三方提供会员资料。短信由短信服务商代发，只把手机号和短信内容交给它；订阅消息由微信发送。',
  'privacy.ads.title': '优惠消息要另外同意',
  'privacy.ads.text': '是否接收优惠和活动消息由您单独决定，不同意也不影响会员权益。每条消息都能看到为什么发给您，也能一键停止。',
  'privacy.rights.title': '您的权利',
  'privacy.rights.text': '在“我的”里可以查看和更正资料、导出全部数据、撤回同意、关闭个性化推荐、删除账号。删除后个人资料清除，依法须保留的交易记录不再与您相连。',
  'privacy.ask.title': '联系我们',
  'privacy.ask.text': '对本说明有疑问或要投诉，请到任一门店，或在小程序的意见反馈中留言。',
} as const
