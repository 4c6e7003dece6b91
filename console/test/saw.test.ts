import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sawWords } from '@/pages/campaigns/deliveries/saw'
import { shopZone } from '@/session/shop'
import { chooseLanguage } from '@/words'

const read = (path: string) => readFileSync(resolve(__dirname, '../..', path), 'utf8')
const SOURCE = ['rules', 'caps', 'sort'].map((name) => read(`service/src/delivery/${name}.rs`)).join('\n')
const LIMITS = 'over all: 0 of 5 in 24 hours, 1 of 9 in 7 days; sms: 0 of 2 in 24 hours; sms: 1 of 1 in 7 days'

/** What stands in the source, what the API says by it, what the console says. */
const SAYINGS: [string, string, string][] = [
  ['"exempt: transactional"', 'exempt: transactional', '服务消息，不受此限'],
  ['"exempt: inbox"', 'exempt: inbox', '站内信，不受此限'],
  ['"active"', 'active', '正常'],
  ['"not active"', 'not active', '已停用'],
  ['"gone"', 'gone', '已注销'],
  ['"{} opt-outs, personalised {}"', '0 opt-outs, personalised true', '没有退订，开着个性化推荐'],
  ['"{} opt-outs, personalised {}"', '2 opt-outs, personalised false', '有 2 项退订，关闭了个性化推荐'],
  ['"{}{known}{refused}"', 'sms', '短信'],
  ['", not configured"', 'sms, not configured', '短信，未配置'],
  ['", opted out"', 'sms, not configured, opted out', '短信，未配置，已退订这个渠道'],
  ['"none"', 'none', '没有暂停'],
  ['until.to_rfc3339()', '2026-11-29T04:00:00+00:00', '暂停到 11月29日 12:00'],
  ['marketing_consent.to_string()', 'true', '已同意'],
  ['marketing_consent.to_string()', 'false', '未同意'],
  ['"address {address}, {} consents left"', 'address true, 0 consents left', '有地址，剩余订阅 0 次'],
  ['"address {address}, {} consents left"', 'address false, 3 consents left', '没有地址，剩余订阅 3 次'],
  ['"no end"', 'no end', '没有截止时间'],
  ['"ends {}"', 'ends 2026-11-29T04:00:00+00:00', '11月29日 12:00 截止'],
  ['"{} in {}"', '21:30 in Asia/Shanghai', '当地 21:30（Asia/Shanghai）'],
  ['"no cap"', 'no cap', '没有上限'],
  ['"{} of {per_calendar_day} today"', 'sms member_day: 1 of 2 today', '短信 会员日：今天 1/2 条'],
  ['"{} rests"', 'sms rests', '短信正在等平台放行'],
  ['"a campaign of higher priority"', 'a campaign of higher priority', '有优先级更高的活动要发'],
]

const stopped = (saw: string) => sawWords({ passes: false, saw })

describe('what a gate saw', () => {
  beforeAll(() => {
    vi.useFakeTimers({ now: new Date('2026-11-27T06:00:00Z'), toFake: ['Date'] })
    shopZone.value = 'Asia/Shanghai'
  })
  afterAll(async () => {
    vi.useRealTimers()
    await chooseLanguage('zh-CN')
  })

  it.each(SAYINGS)('%s: %s', (source, saw, words) => {
    expect(SOURCE).toContain(source)
    expect(stopped(saw)).toBe(words)
  })

  it('tells every rule of the cap with its numbers', () => {
    expect(read('tests/it/delivery/caps.rs')).toContain(LIMITS)
    expect(stopped(LIMITS)).toBe(
      '全部消息：24 小时内 0/5 条，7 天内 1/9 条；短信：24 小时内 0/2 条；短信：7 天内 1/1 条',
    )
    expect(stopped('a topic of ours: 1 of 2 today')).toBe('a topic of ours：今天 1/2 条')
  })

  it('speaks of subscriptions only where they count', () => {
    expect(sawWords({ passes: true, saw: 'address true, 0 consents left' })).toBe('有地址')
    expect(sawWords({ passes: true, saw: 'address true, 2 consents left' })).toBe('有地址，剩余订阅 2 次')
  })

  it('takes reasons by their words, and what it can not read as it is', () => {
    expect(stopped('coupon_sold_out')).toBe('随附的券已发完')
    expect(stopped('budget_month')).toBe('品牌本月预算已用完')
    expect(stopped('something else')).toBe('something else')
  })

  it('speaks English too', async () => {
    await chooseLanguage('en')
    expect(stopped('1 opt-outs, personalised true')).toBe('1 opt-out, personalised messages on')
  })
})
