import { describe, expect, it } from 'vitest'
import { CHANNELS, hasChannel, hasQuiet, hasTopic, isPaused, setChannel, setPaused, setTopic, without, type Wishes } from './wishes'

const wishes = (more: Partial<Wishes> = {}): Wishes => ({ opt_outs: [], personalised: true, ...more })
const no = (channel: string, topic: string) => ({ channel, topic })

describe('what a member wishes', () => {
  it('a channel that is switched off is a no for all of it, on again takes it back', () => {
    const off = setChannel(wishes(), 'sms', false)
    expect(off.opt_outs).toEqual([no('sms', 'all')])
    expect(hasChannel(off, 'sms')).toBe(false)
    expect(hasChannel(off, 'inbox')).toBe(true)
    expect(setChannel(off, 'sms', false)).toEqual(off)
    expect(setChannel(off, 'sms', true)).toEqual(wishes())
  })

  it('out of a no for everything one channel comes back alone', () => {
    const back = setChannel(wishes({ opt_outs: [no('all', 'all')] }), 'inbox', true)
    expect(CHANNELS.filter((channel) => hasChannel(back, channel))).toEqual(['inbox'])
  })

  it('a topic that is switched on is received on every channel again', () => {
    const stopped = wishes({ opt_outs: [no('sms', 'offers'), no('all', 'offers'), no('sms', 'all')] })
    expect(hasTopic(stopped, 'offers')).toBe(false)
    expect(setTopic(stopped, 'offers', true).opt_outs).toEqual([no('sms', 'all')])
    expect(setTopic(wishes(), 'offers', false).opt_outs).toEqual([no('all', 'offers')])
  })

  it('keeps what it does not touch', () => {
    const rich = wishes({ opt_outs: [no('inbox', 'a topic of tomorrow')], weekly_limit: 3, channel_limits: { sms: 1 } })
    expect(setChannel(rich, 'sms', false)).toMatchObject({ weekly_limit: 3, channel_limits: { sms: 1 } })
    expect(setTopic(rich, 'offers', false).opt_outs).toContainEqual(no('inbox', 'a topic of tomorrow'))
  })

  it('a stop that is taken back leaves other noes', () => {
    expect(without(wishes({ opt_outs: [no('inbox', 'offers'), no('sms', 'all')] }), [no('inbox', 'offers')]).opt_outs).toEqual([no('sms', 'all')])
  })

  it('pauses for 30 days', () => {
    const now = Date.parse('2026-11-27T04:00:00Z')
    const paused = setPaused(wishes(), true, now)
    expect(paused.paused_until).toBe('2026-12-27T04:00:00.000Z')
    expect(isPaused(paused, now)).toBe(true)
    expect(isPaused(paused, Date.parse('2026-12-27T04:00:01Z'))).toBe(false)
    expect(setPaused(paused, false, now).paused_until).toBeNull()
  })

  it('knows that quiet hours of no length are none', () => {
    expect(hasQuiet(wishes({ quiet_hours: { start: '22:00', end: '08:00' } }))).toBe(true)
    expect(hasQuiet(wishes({ quiet_hours: { start: '22:00', end: '22:00' } }))).toBe(false)
    expect(hasQuiet(wishes())).toBe(false)
  })
})
