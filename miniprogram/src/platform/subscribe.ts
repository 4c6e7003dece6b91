/**
 * The question whether a subscription message may be sent. WeChat asks it only when it is the first thing in a tap's handler:
 * call this before any `await`, with templates that are known already.
 */
// #ifdef H5
import { askInBrowser } from './subscribe-browser'
// #endif

export interface SubscriptionTemplate {
  template_id: string
  title: string
}

export type Answers = Record<string, 'accept' | 'reject'>

/** More than these WeChat refuses in one question. */
const MOST = 3

/** What the person answered, by template; empty when they were not asked or closed the question. */
export function askToSubscribe(templates: SubscriptionTemplate[]): Promise<Answers> {
  const asked = templates.slice(0, MOST)
  if (asked.length === 0) return Promise.resolve({})
  // #ifdef H5
  return askInBrowser(asked)
  // #endif
  // #ifdef MP-WEIXIN
  return new Promise((resolve) => {
    uni.requestSubscribeMessage({
      tmplIds: asked.map((template) => template.template_id),
      success: (result) => resolve(answersOf(asked, result as unknown as Record<string, string>)),
      fail: () => resolve({}),
    })
  })
  // #endif
}

/** WeChat has several words for a yes (`acceptWithAudio`, ...), and `ban` and `filter` for a template that was not asked about. */
export function answersOf(asked: SubscriptionTemplate[], result: Record<string, string>): Answers {
  const answers: Answers = {}
  for (const { template_id: id } of asked) {
    const said = result[id] ?? ''
    if (said.startsWith('accept')) answers[id] = 'accept'
    else if (said === 'reject') answers[id] = 'reject'
  }
  return answers
}
