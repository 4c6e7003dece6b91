import { afterEach, describe, expect, it } from 'vitest'
import { chooseLocale } from '@/words'
import { ways, type Earning } from './ways'

const plain: Earning = { per_yuan: 1, return_days: 7, tier: null, bonuses: [], check_in: null, invite: null, surveys: [], expiry: { kind: 'never' } }
const lines = (more: Partial<Earning>, page?: string): string[] => ways({ ...plain, ...more }).filter((way) => way.page === page)[0]?.lines ?? []

afterEach(() => chooseLocale('zh-CN'))

describe('how points are earned', () => {
  it('leaves out what the brand does not reward', () => {
    expect(ways(plain).map(({ title }) => title)).toEqual(['消费', '有效期'])
    expect(ways({ ...plain, per_yuan: 0, surveys: [{ name: '口味调查', points: 0 }] }).map(({ title }) => title)).toEqual(['有效期'])
  })

  it('of purchases is told with the tier, what is running, and when the points can be spent', () => {
    const bonuses = [{ name: '会员日双倍', percent: 200, until: '2030-12-31' }, { name: '礼品卡', percent: null, until: null }]
    expect(lines({ tier: { name: '金卡', percent: 150, birthday_percent: 200 }, bonuses })).toEqual([
      '实付 1 元得 1 分',
      '金卡：消费按 150% 积分',
      '生日月按 200%',
      '会员日双倍：按 200% 积分，到2030 年 12 月 31 日',
      '礼品卡：不参与积分',
      '消费 7 天后可用，其间退货会收回',
    ])
    expect(lines({ return_days: 0 })).toEqual(['实付 1 元得 1 分'])
  })

  it('of a check-in names the day’s points and the rows in their order', () => {
    const check_in = { points: 2, streaks: [{ days: 30, points: 1000 }, { days: 7, points: 20 }] }
    expect(lines({ check_in }, 'points/check-in/index')).toEqual(['每天得 2 分', '连续签到每满 7 天，当天另得 20 分', '连续签到每满 30 天，当天另得 1,000 分'])
  })

  it('of an invitation says who gets what, and when it counts', () => {
    const invite = { reward_on: 'first_purchase' as const, inviter_points: 100, invited_points: 20, least_fen: 1_000, most_in_30_days: 10 }
    const said = lines({ invite }, 'points/invite/index')
    expect(said[0]).toContain('首次消费过了退货期')
    expect(said.slice(1)).toEqual(['首次消费满 10 元才算', '您得 100 分', '好友得 20 分', '30 天内最多奖励您 10 次'])
    const atOnce = lines({ invite: { ...invite, reward_on: 'join', invited_points: 0 } }, 'points/invite/index')
    expect(atOnce.join()).not.toMatch(/首次消费|好友得/)
  })

  it('says in both languages how long points last', async () => {
    const last = (expiry: Earning['expiry']): string | undefined => ways({ ...plain, expiry }).at(-1)?.lines[0]
    expect(last({ kind: 'days', days: 365 })).toBe('积分可用之日起 365 天内有效')
    expect(last({ kind: 'month_end', after_months: 0 })).toBe('积分在可用当月的月底到期')
    expect(last({ kind: 'month_end', after_months: 3 })).toBe('积分在可用之后第 3 个月的月底到期')
    expect(last({ kind: 'year_end' })).toBe('积分在可用当年的年底到期')
    expect(last({ kind: 'month_end', after_months: 1 })).toBe('积分在可用次月的月底到期')
    expect(last({ kind: 'year_end', after_years: 1 })).toBe('积分在可用次年的年底到期')
    await chooseLocale('en')
    expect(last({ kind: 'year_end', after_years: 2 })).toBe('Points end with a year, 2 years after the one in which they can first be spent')
  })
})
