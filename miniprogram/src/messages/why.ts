/** The reasons of a message in the reader's language. */
import type { components } from '@/api/schema'
import { isKey, locale, say } from '@/words'

export type Why = components['schemas']['WhyView']
type Words = components['schemas']['WordsView']

export const inWords = (words: Words): string => (locale.value === 'en' ? words.english : words.chinese)

export function channelName(channel: string): string {
  const key = `messages.channel.${channel}`
  return isKey(key) ? say(key) : say('messages.channel.other')
}

/** The name of a topic that a shop calls itself stands as the shop wrote it, unless that is a mere code. */
const CODE = /^[a-z0-9_.:-]+$/

export function topicName(topic: string): string {
  const key = `messages.topic.${topic}`
  if (isKey(key)) return say(key)
  return CODE.test(topic) ? say('messages.topic.other') : topic
}
