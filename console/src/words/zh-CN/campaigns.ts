export default {
  title: '活动',
  lead: '计划、发送和复盘每一次触达',
  create: '新建活动',
  empty: '还没有活动',
  draft: '草稿',
  scheduled: '已排期',
  recurring: '周期运行',
  resolving: '圈选人群',
  sending: '发送中',
  paused: '已暂停',
  completed: '已完成',
  cancelled: '已取消',
}
