/** Ways to sign in: what the shop has set up and this phone or browser can do, the main one first. */
import type { Programme } from '@/programme'

export type Way = 'wechat' | 'sms' | 'alipay' | 'password' | 'passkey' | 'soter'

export interface Device {
  wechat: boolean
  passkey: boolean
  soter: boolean
  /** Of a browser. */
  origin?: string
}

/** Before the shop was heard, WeChat and text messages count as set up: both say so themselves where they are not. */
export function waysHere(device: Device, shop: Programme['sign_in'] = { wechat: true, alipay: false, sms: true }): Way[] {
  const here: Record<Way, boolean> = {
    wechat: device.wechat && shop.wechat,
    sms: shop.sms,
    alipay: shop.alipay && device.origin !== undefined && shop.browser_origin === device.origin,
    password: true,
    passkey: device.passkey,
    soter: device.soter && shop.wechat,
  }
  return (Object.keys(here) as Way[]).filter((way) => here[way])
}

/** Only these make a member, so only they ask for the notice and for the wish. */
export const enrols = (way: Way): boolean => way === 'wechat' || way === 'sms' || way === 'alipay'
