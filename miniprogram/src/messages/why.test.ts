import { describe, expect, it } from 'vitest'
import { channelName, topicName } from './why'

describe('what a message was about, and where it came', () => {
  it('has names, not codes', () => {
    expect(topicName('member_day')).toBe('会员日')
    expect(topicName('spring-2027')).toBe('其他活动')
    expect(channelName('sms')).toBe('短信')
    expect(channelName('pigeon')).toBe('其他渠道')
  })
  it('keeps the shop’s own name of a topic', () => expect(topicName('春茶上市')).toBe('春茶上市'))
})
