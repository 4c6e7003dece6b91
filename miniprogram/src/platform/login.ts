/** What WeChat gives for a sign-in: a login code, and the phone number's code from its button. */
import { keep, recall } from './storage'
// #ifdef H5
import { chosenPhone, sandboxAnswers, sandboxCode } from './sandbox'
// #endif

/** Whether WeChat can sign somebody in here. */
export async function wechatIsHere(): Promise<boolean> {
  // #ifdef H5
  return sandboxAnswers()
  // #endif
  // #ifdef MP-WEIXIN
  return true
  // #endif
}

/** In a demo's browser a person has to say first which phone it is. */
export function wechatIsReady(): boolean {
  // #ifdef H5
  return chosenPhone() !== undefined
  // #endif
  // #ifdef MP-WEIXIN
  return true
  // #endif
}

const KNOWN = 'wechat.known'

/** Whether somebody signed in by WeChat on this phone before. */
export const knewWechat = (): boolean => recall<boolean>(KNOWN) ?? false

export const rememberWechat = (): void => keep(KNOWN, true)

export function loginCode(): Promise<string> {
  // #ifdef H5
  return sandboxCode('login-codes')
  // #endif
  // #ifdef MP-WEIXIN
  return new Promise((resolve, reject) => {
    uni.login({ provider: 'weixin', success: ({ code }) => resolve(code), fail: ({ errMsg }) => reject(new Error(errMsg)) })
  })
  // #endif
}

export interface PhoneNumberEvent {
  detail?: { code?: string; errMsg?: string; errno?: number }
}

/** The code of the phone-number button; undefined when the person said no. */
export async function phoneCode(event: PhoneNumberEvent): Promise<string | undefined> {
  // #ifdef H5
  void event
  return sandboxCode('phone-codes')
  // #endif
  // #ifdef MP-WEIXIN
  return event.detail?.code
  // #endif
}
