import { describe, expect, it } from 'vitest'
import { enrols, waysHere } from './ways'

const everything = { wechat: true, passkey: true, soter: true }
const nothing = { wechat: false, passkey: false, soter: false }
const shop = { wechat: true, alipay: true, sms: true, browser_origin: 'https://m.example.cn' }

describe('ways to sign in', () => {
  it('begin with WeChat where it is, else with a text message', () => {
    expect(waysHere(everything, shop)).toEqual(['wechat', 'sms', 'password', 'passkey', 'soter'])
    expect(waysHere(nothing, shop)).toEqual(['sms', 'password'])
  })

  it('are none that the shop has not set up; a fingerprint needs WeChat', () => {
    expect(waysHere(everything, { wechat: false, alipay: false, sms: false })).toEqual(['password', 'passkey'])
  })

  it('count Alipay in where its page sends people back to', () => {
    expect(waysHere({ ...nothing, origin: 'https://m.example.cn' }, shop)).toEqual(['sms', 'alipay', 'password'])
    expect(waysHere({ ...nothing, origin: 'http://127.0.0.1:8080' }, shop)).toEqual(['sms', 'password'])
    expect(waysHere({ ...nothing, origin: 'https://m.example.cn' }, { ...shop, alipay: false })).toEqual(['sms', 'password'])
    expect(waysHere(nothing, { ...shop, browser_origin: undefined })).toEqual(['sms', 'password'])
  })

  it('are those of WeChat and of text messages before the shop was heard', () => {
    expect(waysHere({ ...nothing, wechat: true })).toEqual(['wechat', 'sms', 'password'])
  })

  it('enrol only by WeChat, by text message and by Alipay', () =>
    expect(waysHere({ ...everything, origin: shop.browser_origin }, shop).filter(enrols)).toEqual(['wechat', 'sms', 'alipay']))
})
