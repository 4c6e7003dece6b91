import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LENGTHS, parameterFault } from '@/pages/campaigns/message/parameter'
import {
  ONE_PART,
  PART,
  VARIABLES,
  fillVariables,
  smsPlaces,
  smsSegments,
  smsText,
  templateLines,
  variablesIn,
  type Reader,
} from '@/pages/campaigns/message/render'

const rust = (path: string) => readFileSync(resolve(__dirname, '../..', path), 'utf8')

const reader: Reader = {
  name: '林晓',
  cardNumber: '6200000000000017',
  brand: '山月茶点',
  optOutLink: 'https://m.example.cn/u/abc',
  optOutToken: 'abc',
}

describe('what a member reads', () => {
  it('fills the variables, and addresses who has no name', () => {
    expect(fillVariables('{{name}}，{{brand}}等您', reader)).toBe('林晓，山月茶点等您')
    expect(fillVariables('{{name}}您好', { ...reader, name: null })).toBe('会员您好')
    expect(variablesIn('{{name}} 和 {{ card_number }}')).toEqual(['name', 'card_number'])
  })

  it('knows the variables that the API knows', () => {
    const source = rust('service/src/delivery/message.rs')
    const list = /const VARIABLES: \[&str; \d+\] = \[([^\]]*)\]/.exec(source)?.[1] ?? ''
    const consts = Object.fromEntries([...source.matchAll(/const (\w+): &str = "(\w+)"/g)].map((one) => [one[1], one[2]]))
    const names = list.split(',').map((one) => one.trim().replaceAll('"', ''))
    expect(names.map((name) => consts[name] ?? name)).toEqual([...VARIABLES])
  })

  it('puts the signature before the text, once', () => {
    const message = { body: '会员日将至，${name}等您来店选购。拒收请回复R', parameters: { name: '{{brand}}' } }
    expect(smsText('惠客会员', message, reader)).toBe('【惠客会员】会员日将至，山月茶点等您来店选购。拒收请回复R')
    expect(smsText('惠客会员', { body: '【山月】你好', parameters: {} }, reader)).toBe('【山月】你好')
  })

  it('fills numbered places in the order of the names', () => {
    const message = { body: '您的会员券{1}将于{2}到期', parameters: { a: '满30减8', b: '12月1日' } }
    expect(smsText('', message, reader)).toBe('您的会员券满30减8将于12月1日到期')
    expect(smsPlaces('{1}和{2}，${name}')).toEqual(['name', '1', '2'])
  })

  it('reads the lines of a WeChat template', () => {
    expect(templateLines('活动名称:{{thing1.DATA}}\n活动时间:{{time2.DATA}}\n')).toEqual([
      { label: '活动名称', key: 'thing1', type: 'thing' },
      { label: '活动时间', key: 'time2', type: 'time' },
    ])
  })
})

describe('parts of a text message', () => {
  it('is one up to 70 characters, then one per 67', () => {
    expect(smsSegments('好'.repeat(70))).toBe(1)
    expect(smsSegments('好'.repeat(71))).toBe(2)
    expect(smsSegments('好'.repeat(134))).toBe(2)
    expect(smsSegments('好'.repeat(135))).toBe(3)
  })

  it('counts an emoji as two', () => {
    expect(smsSegments('好'.repeat(69) + '🍵')).toBe(2)
  })

  it('counts as the API does', () => {
    const source = rust('service/src/budget/sms.rs')
    expect(source).toContain(`const ONE: usize = ${ONE_PART};`)
    expect(source).toContain(`const PART: usize = ${PART};`)
  })
})

describe('values of a WeChat template', () => {
  it.each([
    ['thing', '周六会员日，新茶免费试饮', null],
    ['thing', '一二三四五六七八九十一二三四五六七八九十一', 'length'],
    ['thing', '两\n行', 'break'],
    ['thing', '  ', 'empty'],
    ['time', '2026年11月28日 10:00', null],
    ['time', '2026年11月28日 10:00~2026年11月28日 21:00', null],
    ['time', '15:01', null],
    ['time', '2026年11月28日', 'form'],
    ['date', '2026年12月31日', null],
    ['date', '2026-12-31', null],
    ['date', '12月31日 24:30', 'form'],
    ['amount', '¥20.00', null],
    ['amount', '二十元', 'form'],
    ['phrase', '已完成', null],
    ['phrase', 'done', 'form'],
    ['character_string', 'A-1024', null],
    ['character_string', '甲-1024', 'form'],
    ['number', '3560', null],
    ['number', '+120', 'form'],
    ['name', '王小明', null],
    ['car_number', '粤B12345', null],
    ['unknown_type', '随便', null],
  ] as [string, string, string | null][])('%s takes or refuses %s', (type, value, fault) => {
    expect(parameterFault(type, value)).toBe(fault)
  })

  it('allows the lengths that the API allows', () => {
    const source = rust('platform/src/wechat/template.rs')
    for (const [type, most] of Object.entries(LENGTHS)) {
      if (type === 'name' || type === 'car_number') continue
      expect(source, type).toMatch(new RegExp(`"${type}" => \\(\\s*(\\(?)within\\(value, ${most}\\)`))
    }
  })
})
