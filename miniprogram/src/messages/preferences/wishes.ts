/**
 * What a member wishes, changed one switch at a time. The server takes the whole set, so each change keeps what it does not
 * touch, noes for channels and topics that this page does not show included.
 */
import type { components } from '@/api/schema'

export type Wishes = components['schemas']['Preferences']
export type No = components['schemas']['OptOut']

export const CHANNELS = ['wechat_subscribe', 'sms', 'inbox']
/** What shops write about. */
const KNOWN_TOPICS = ['offers', 'member_day', 'new_goods', 'events', 'points']

const DAY_MS = 86_400_000
const PAUSE_DAYS = 30

const same = (one: No, other: No): boolean => one.channel === other.channel && one.topic === other.topic

export const without = (wishes: Wishes, noes: No[]): Wishes => ({ ...wishes, opt_outs: wishes.opt_outs.filter((each) => !noes.some((no) => same(no, each))) })

function withNo(wishes: Wishes, no: No): Wishes {
  return wishes.opt_outs.some((each) => same(each, no)) ? wishes : { ...wishes, opt_outs: [...wishes.opt_outs, no] }
}

const refuses = (wishes: Wishes, no: No): boolean => wishes.opt_outs.some((each) => same(each, no))
const NOTHING_AT_ALL: No = { channel: 'all', topic: 'all' }

export const hasChannel = (wishes: Wishes, channel: string): boolean => !refuses(wishes, { channel, topic: 'all' }) && !refuses(wishes, NOTHING_AT_ALL)

/** With everything refused, a channel that is switched on lifts that, and the others stay off. */
export function setChannel(wishes: Wishes, channel: string, on: boolean): Wishes {
  if (!on) return withNo(wishes, { channel, topic: 'all' })
  const lifted = refuses(wishes, NOTHING_AT_ALL)
    ? CHANNELS.filter((each) => each !== channel).reduce((sum, each) => withNo(sum, { channel: each, topic: 'all' }), without(wishes, [NOTHING_AT_ALL]))
    : wishes
  return without(lifted, [{ channel, topic: 'all' }])
}

/** The topics to show: the known ones, and those that were refused once. */
export const topicsOf = (wishes: Wishes): string[] => [...new Set([...KNOWN_TOPICS, ...wishes.opt_outs.map((no) => no.topic).filter((topic) => topic !== 'all')])]

/** A topic that was stopped on one channel only counts as off there and as on here. */
export const hasTopic = (wishes: Wishes, topic: string): boolean => !refuses(wishes, { channel: 'all', topic })

export function setTopic(wishes: Wishes, topic: string, on: boolean): Wishes {
  if (!on) return withNo(wishes, { channel: 'all', topic })
  return { ...wishes, opt_outs: wishes.opt_outs.filter((no) => no.topic !== topic) }
}

export const isPaused = (wishes: Wishes, nowMs: number): boolean => wishes.paused_until !== null && wishes.paused_until !== undefined && Date.parse(wishes.paused_until) > nowMs

export const setPaused = (wishes: Wishes, on: boolean, nowMs: number): Wishes => ({ ...wishes, paused_until: on ? new Date(nowMs + PAUSE_DAYS * DAY_MS).toISOString() : null })

/** The same start and end is none. */
export const hasQuiet = ({ quiet_hours: quiet }: Wishes): boolean => quiet !== null && quiet !== undefined && quiet.start !== quiet.end
