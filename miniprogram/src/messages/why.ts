/** The reasons of a message in the reader's language. */
import type { components } from '@/api/schema'
import { isKey, locale, say } from '@/words'

export type Why = components['schemas']['WhyView']
type Words = components['schemas']['WordsView']

export const inWords = (words: Words): string => (locale.value === 'en' ? words.english : words.chinese)

export function channelName(channel: string): string {
  const key = `messages.channel.${channel}`
  return isKey(key) ? say(key) : channel
}

export function topicName(topic: string): string {
  const key = `messages.topic.${topic}`
  return isKey(key) ? say(key) : topic
}
