export default {
  title: '等级',
  counts_lifetime: '累计',
  counts_window: '考核期内',
  counts_since_change: '上次变动后',
  per_month: '本月',
  per_year: '今年',
  per_stay: '本等级期内',
}
