export const points = {
  'points.title': '积分',
  'points.balance': '可用积分',
  'points.pending': '待到账 {n}',
  'points.empty': '还没有积分流水',
  'points.emptyNote': '在门店出示会员码消费，就会攒下积分',
} as const
