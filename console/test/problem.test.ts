import { describe, expect, it } from 'vitest'
import { Problem } from '@/api/problem'
import { problemWords } from '@/parts/notify'

const body = { type: '', title: '分群正被活动使用', status: 409, code: 'segment_in_use', detail: '', request_id: '1' }

describe('a refusal', () => {
  it('names the campaigns that stand against it', () => {
    expect(problemWords(Problem.of(409, { ...body, facts: { campaigns: ['春茶上新', '周六会员日'] } }))).toBe('分群正被活动使用 · 春茶上新、周六会员日')
    expect(problemWords(Problem.of(409, body))).toBe('分群正被活动使用')
  })
})
