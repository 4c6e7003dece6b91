import { beforeEach, describe, expect, it, vi } from 'vitest'

interface Sent {
  url: string
  header: Record<string, string>
  data?: string
  success: (answer: { statusCode: number; data: string; header: object }) => void
  fail: (failure: { errMsg: string }) => void
}

const sent: Sent[] = []
const answer = (one: Sent | undefined, statusCode: number, body: object): void => one?.success({ statusCode, data: JSON.stringify(body), header: {} })
const signedIn = (n: number, expires_in = 900) => ({ access_token: `access${n}`, refresh_token: `refresh${n}`, expires_in })
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

async function fresh() {
  vi.resetModules()
  return { ...(await import('./session')), ...(await import('./call')) }
}

beforeEach(() => {
  sent.length = 0
  uni.request = ((one: unknown) => void sent.push(one as Sent)) as unknown as typeof uni.request
})

describe('a session', () => {
  it('sends its access token, and nothing of it to what needs no caller', async () => {
    const { begin, call } = await fresh()
    begin('member', signedIn(1) as never)
    void call('get', '/v1/me')
    void call('post', '/v1/auth/sms-codes', { body: { phone: '13912345678' } })
    await settle()
    expect(sent.find((one) => one.url.endsWith('/v1/me'))?.header.Authorization).toBe('Bearer access1')
    expect(sent.find((one) => one.url.endsWith('/sms-codes'))?.header.Authorization).toBeUndefined()
  })

  it('is begun under what the phone is known by, which nothing else is told', async () => {
    const { begin, call } = await fresh()
    begin('member', signedIn(1) as never)
    void call('post', '/v1/auth/sms-codes', { body: { phone: '13912345678' } })
    void call('post', '/v1/me/phones', { body: { phone: '13912345678', code: '123456' } })
    void call('get', '/v1/me')
    await settle()
    const told = (path: string) => sent.find((one) => one.url.endsWith(path))?.header['X-Device-Id']
    expect(told('/sms-codes')).toMatch(/^[0-9a-f-]{36}$/)
    expect([told('/v1/me/phones'), told('/v1/me')]).toEqual([told('/sms-codes'), undefined])
  })

  it('is refreshed once, however many calls find their token at its end', async () => {
    const { begin, call } = await fresh()
    begin('member', signedIn(1, 5) as never)
    const calls = [call('get', '/v1/me'), call('get', '/v1/me/card'), call('get', '/v1/me/tier')]
    await settle()
    expect(sent.map((one) => one.url)).toEqual(['/v1/auth/refresh'])
    answer(sent[0], 200, signedIn(2))
    await settle()
    expect(sent.slice(1).map((one) => one.header.Authorization)).toEqual(['Bearer access2', 'Bearer access2', 'Bearer access2'])
    sent.slice(1).forEach((one) => answer(one, 200, {}))
    await Promise.all(calls)
  })

  it('is refreshed after a 401, and the call is sent again', async () => {
    const { begin, call } = await fresh()
    begin('member', signedIn(1) as never)
    const asked = call('get', '/v1/me')
    await settle()
    answer(sent[0], 401, { code: 'unauthenticated', title: '请登录' })
    await settle()
    expect(JSON.parse(sent[1]?.data ?? '{}')).toEqual({ refresh_token: 'refresh1' })
    answer(sent[1], 200, signedIn(2))
    await settle()
    answer(sent[2], 200, { id: 'm' })
    expect(await asked).toEqual({ id: 'm' })
  })

  it('tries a refresh whose answer got lost again with the same key, so that it isn’t taken for a thief', async () => {
    const { begin, call, isMember } = await fresh()
    begin('member', signedIn(1, 5) as never)
    const first = call('get', '/v1/me')
    await settle()
    sent[0]?.fail({ errMsg: 'request:fail timeout' })
    await expect(first).rejects.toMatchObject({ code: 'slow' })
    expect(isMember.value).toBe(true)
    void call('get', '/v1/me').catch(() => undefined)
    await settle()
    expect(sent[1]?.header['Idempotency-Key']).toBe(sent[0]?.header['Idempotency-Key'])
    expect(sent[0]?.header['Idempotency-Key']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('takes what another window has renewed instead of using its own token a second time', async () => {
    const { begin, tokenAfter } = await fresh()
    begin('member', signedIn(1) as never)
    const other = JSON.stringify({ access: 'access9', refresh: 'refresh9', expiresAt: Date.now() + 900_000, refreshKey: 'k' })
    uni.setStorageSync('huike.session.member', other)
    expect(await tokenAfter('member', 'access1')).toBe('access9')
    expect(sent).toEqual([])
  })

  it('ends when its refresh is refused, and with it what was kept for it', async () => {
    const { begin, call, isMember, onEnd } = await fresh()
    const forgotten = vi.fn()
    onEnd('member', forgotten)
    begin('member', signedIn(1, 5) as never)
    const asked = call('get', '/v1/me')
    await settle()
    answer(sent[0], 401, { code: 'refresh_token_reused', title: '请重新登录' })
    await settle()
    answer(sent[1], 401, { code: 'unauthenticated', title: '请登录' })
    await expect(asked).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(isMember.value).toBe(false)
    expect(forgotten).toHaveBeenCalledOnce()
    expect(uni.getStorageSync('huike.session.member')).toBe('')
  })

  it('of staff and of a member are two', async () => {
    const { begin, call, isStaff, end } = await fresh()
    begin('member', signedIn(1) as never)
    begin('staff', signedIn(2) as never)
    void call('get', '/v1/staff/me')
    await settle()
    expect(sent[0]?.header.Authorization).toBe('Bearer access2')
    end('member')
    expect(isStaff.value).toBe(true)
  })
})

describe('what goes wrong', () => {
  it('is told in the server’s words', async () => {
    const { call } = await fresh()
    const asked = call('get', '/v1/stores', {})
    await settle()
    answer(sent[0], 429, { code: 'rate_limited', title: '太快了，请稍后再试', status: 429 })
    await expect(asked).rejects.toMatchObject({ code: 'rate_limited', title: '太快了，请稍后再试', passes: true })
  })

  it('is told in ours where no server was heard', async () => {
    const { call } = await fresh()
    const asked = call('get', '/v1/stores', {})
    await settle()
    sent[0]?.fail({ errMsg: 'request:fail' })
    await expect(asked).rejects.toMatchObject({ code: 'offline', status: 0 })
  })
})
