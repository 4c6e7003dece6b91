import { describe, expect, it } from 'vitest'
import { FORBIDDEN, checkWording, isReady, type CheckContext } from '@/pages/campaigns/message/checks'
import { templateLines, type Channel, type MessageDraft } from '@/pages/campaigns/message/render'

const context: CheckContext = {
  reader: { name: '林晓', cardNumber: '1', brand: '山月茶点', optOutLink: 'https://x/u/t', optOutToken: 't' },
  lines: templateLines('活动名称:{{thing1.DATA}}\n活动时间:{{time2.DATA}}\n活动门店:{{thing3.DATA}}\n'),
  isMarketing: true,
  hasPublicUrl: true,
}

const faults = (channel: Channel, message: MessageDraft, more: Partial<CheckContext> = {}) =>
  checkWording(channel, message, { ...context, ...more })
    .filter((check) => check.level === 'must')
    .map((check) => `${check.field} ${check.words.replace('campaigns.check_', '')}`)

const memberDay: MessageDraft = {
  template_id: 'T',
  parameters: { thing1: '周六会员日，新茶免费试饮', time2: '2026年11月28日 10:00', thing3: '南山店、福田店' },
}

describe('checks of a wording', () => {
  it('lets a complete WeChat message go', () => {
    expect(isReady(checkWording('wechat_subscribe', memberDay, context))).toBe(true)
  })

  it('asks for a template, then for each of its values', () => {
    expect(faults('wechat_subscribe', { parameters: {} })).toContain('template_id template')
    expect(faults('wechat_subscribe', { template_id: 'T', parameters: { thing1: '会员日送券' } })).toEqual([
      'time2 empty',
      'thing3 empty',
      'message time',
    ])
  })

  it('measures a value with its variables filled', () => {
    const long = { ...memberDay, parameters: { ...memberDay.parameters, thing1: '{{name}}，周六会员日新茶免费试饮等您来坐坐' } }
    expect(faults('wechat_subscribe', long, { reader: { ...context.reader, name: '欧阳明月' } })).toEqual(['thing1 length'])
  })

  it('asks a marketing text message for a way out, a time and an offer', () => {
    const body = '${name}等您来'
    expect(faults('sms', { template_id: 'S', body, parameters: { name: '山月' } })).toEqual([
      'body wayOut',
      'message time',
      'message offer',
    ])
    const full = '11月28日会员日，${name}全场八折。拒收请回复R'
    expect(faults('sms', { template_id: 'S', body: full, parameters: { name: '山月' } })).toEqual([])
  })

  it('asks nothing of the kind of a service message', () => {
    expect(faults('sms', { template_id: 'S', body: '已取货', parameters: {} }, { isMarketing: false })).toEqual([])
  })

  it('wants every place filled, and no address in a value', () => {
    const body = '会员日送券${a}，截至{2}。退订回T'
    expect(faults('sms', { template_id: 'S', body, parameters: { a: 'https://x.cn' } })).toEqual(['a address', '2 place'])
  })

  it('refuses variables that nobody fills, and a link that leads nowhere', () => {
    const inbox = { title: '会员日送券', body: '今天来 {{phone}} {{opt_out_link}}' }
    expect(faults('inbox', inbox, { hasPublicUrl: false })).toEqual(['body variable', 'body publicUrl'])
  })

  it.each(FORBIDDEN)('refuses %s', (word) => {
    expect(faults('inbox', { title: '会员日送券', body: `今天${word}` })).toEqual(['body forbidden'])
  })
})
