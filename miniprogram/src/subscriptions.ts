/** Asks at a useful moment whether the brand may send a message, and tells the server what was seen of the answer. Never rewarded. */
import { call } from '@/api/call'
import type { components } from '@/api/schema'
import { askToSubscribe, type Answers } from '@/platform/subscribe'
import { programme } from '@/programme'

export type Moment = components['schemas']['PromptMoment']

export const templatesFor = (moment: Moment) => programme.value?.subscriptions.filter((each) => each.moments.includes(moment)) ?? []

/** To be the first call of a tap's handler. */
export async function askAt(moment: Moment): Promise<Answers> {
  return report(await askToSubscribe(templatesFor(moment)))
}

/** To be the first call of a tap's handler: one template, from the subscription wallet. */
export async function askFor(templateId: string): Promise<Answers> {
  const known = programme.value?.subscriptions.filter((each) => each.template_id === templateId) ?? []
  return report(await askToSubscribe(known))
}

/** A hint only: what counts is the platform's own event. So a failure is no matter of the member's. */
async function report(answers: Answers): Promise<Answers> {
  await Promise.allSettled(
    Object.entries(answers).map(([template_id, answer]) => call('post', '/v1/me/consents', { body: { template_id, answer } })),
  )
  return answers
}
