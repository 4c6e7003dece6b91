import { expect, it } from 'vitest'
import { saidIn } from '@/pages/campaigns/deliveries/attempt'
import { paceWords } from '@/pages/coupons/pace'
import { factsOf, helpFor, isSignatureBad, needsAttention, signatureWords, type Account, type AccountCheck } from '@/pages/settings/accounts'
import { chooseLanguage } from '@/words'

const failed = (code: string, about: string | null = null): AccountCheck => ({
  works: false,
  checked_at: '2026-11-28T02:00:00Z',
  milliseconds: 12,
  code,
  about,
  request_id: null,
  templates: null,
  missing_templates: [],
  signature: null,
})

const signed = (signature: AccountCheck['signature'], platform: Account['platform'] = 'aliyun'): Account => ({
  platform,
  sign_name: '山月',
  last_check: { ...failed(''), works: true, code: null, signature },
})

it('says how to mend what a check found, with the address that WeChat does not know', () => {
  expect(helpFor(failed('40164', '203.0.113.7'))).toContain('203.0.113.7')
  expect(helpFor(failed('40125'))).toContain('AppSecret')
  expect(helpFor(failed('AuthFailure.SignatureExpire'))).toContain('NTP')
  expect(helpFor(failed('connect'))).toContain('网络')
  expect(helpFor(failed('isv.invalid-signature'))).toContain('私钥')
  expect(helpFor(failed('signature'))).toContain('支付宝公钥')
  expect(helpFor(failed('99999'))).toContain('客服')
})

it('tells what the supplier says of the signature, and what to do about it', () => {
  const refused = signed({ state: 'refused', reason: '资质不符', code: null })
  expect(signatureWords(refused)).toContain('资质不符')
  expect([isSignatureBad(refused), needsAttention(refused)]).toEqual([true, true])
  expect(signatureWords(signed({ state: 'unlisted', reason: null, code: null }, 'tencent'))).toContain('tencent_sms.sign_id')
  const unasked = signed({ state: 'unknown', reason: null, code: null }, 'tencent')
  expect(signatureWords(unasked)).toContain('填写设置')
  expect(signatureWords(signed({ state: 'unknown', reason: null, code: 'isp.RAM_PERMISSION_DENY' }))).toContain('isp.RAM_PERMISSION_DENY')
  expect(needsAttention(unasked)).toBe(false)
  expect(signatureWords(signed(null))).toBe('')
})

it('tells of an account what there is', () => {
  const account = { platform: 'aliyun' as const, key_tail: 'abcd', weight: 1, has_callbacks: false }
  expect(factsOf(account).map(({ value }) => value)).toEqual(['abcd', '1', '未配置，收不到送达结果'])
})

it('tells what the platform said to a call in the language of the reader', async () => {
  const parameter = { code: '47003', message: 'the value of thing3 breaks its rule' }
  expect(saidIn(parameter)).toBe('47003 · 参数 thing3 的值不符合规则')
  expect(saidIn({ code: '43101', message: 'no consent is left for this template' })).toBe('43101')
  expect(saidIn({ code: 'timeout', message: 'no answer in time' })).toBe('timeout')
  await chooseLanguage('en')
  expect(saidIn(parameter)).toBe('47003 · The value of parameter thing3 breaks its rule')
  await chooseLanguage('zh-CN')
})

it('says when a template is gone at its pace', () => {
  const pace = { left: 70, recent: 21, recent_days: 7, gone_on: '2026-12-21' }
  expect(paceWords(pace)).toContain('按近 7 天的速度（每天 3 张），还剩 70 张')
  expect(paceWords(pace)).toContain('12月21日')
  expect(paceWords({ ...pace, recent: 5 })).toContain('每天 0.7 张')
  expect(paceWords({ ...pace, gone_on: null })).toContain('几年内发不完')
  expect(paceWords({ ...pace, recent: 0, gone_on: null })).toBe('近 7 天没有人领取，还剩 70 张。')
  expect(paceWords({ ...pace, left: 0 })).toBe('已经发完。')
})
