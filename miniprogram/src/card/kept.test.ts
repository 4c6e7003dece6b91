import { describe, expect, it, vi } from 'vitest'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const secret = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64')
const view = (server_time: string) => ({ card_number: '6000000000000007', name: null, offline: { secret, algorithm: 'HK1', step_seconds: 30, server_time } })

describe('a phone whose clock is wrong', () => {
  it.each([['minutes behind', -7 * MINUTE], ['hours behind', -9 * HOUR], ['hours ahead', 13 * HOUR], ['years behind', -3 * 365 * 24 * HOUR]])('%s: shows the code of the server’s time, also without a network and after a restart', async (_, off) => {
    // The vector of tests/it/card/code.rs is of this step.
    const server = 58888888 * 30_000 + 12_000
    vi.useFakeTimers({ now: server + off })
    uni.request = (({ success }: { success: (answer: object) => void }) => success({ statusCode: 200, data: JSON.stringify(view(new Date(server).toISOString())), header: {} })) as never
    vi.resetModules()
    const first = await import('./kept')
    await first.readCard()
    expect(first.codeNow(first.card.value!)).toMatchObject({ code: 'HK1.6000000000000007.58888888.042442361496', left: 18 })

    vi.resetModules()
    uni.request = (({ fail }: { fail: (failure: object) => void }) => fail({ errMsg: 'request:fail' })) as never
    vi.advanceTimersByTime(18_000)
    const later = await import('./kept')
    await expect(later.readCard()).rejects.toMatchObject({ code: 'offline' })
    expect(later.codeNow(later.card.value!)).toMatchObject({ step: 58888889, left: 30 })
    vi.useRealTimers()
  })

  it('a card of another algorithm is not shown as this one', async () => {
    const { isKnown } = await import('./kept')
    const card = view('2026-01-01T00:00:00Z')
    expect(isKnown({ ...card, offline: { ...card.offline, algorithm: 'HK2' } })).toBe(false)
  })
})
