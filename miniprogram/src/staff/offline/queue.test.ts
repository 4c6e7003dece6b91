import { beforeEach, expect, it } from 'vitest'
import { begin } from '@/api/session'
import { serverNow } from '@/clock'
import { grant, grantFor, renewGrant, type Grant } from './queue'

interface Sent {
  url: string
  success: (answer: { statusCode: number; data: string; header: object }) => void
  fail: (failure: { errMsg: string }) => void
}

const MINUTE = 60_000
const sent: Sent[] = []
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const granted = (grant_id: string, serverTime: number): Grant => ({
  grant_id, store_id: 's', till: 'T-1', ceiling_fen: 200_000, public_key: 'k',
  expires_at: new Date(serverTime + 12 * 60 * MINUTE).toISOString(), server_time: new Date(serverTime).toISOString(),
})
const answer = (one: Sent | undefined, body: Grant): void => one?.success({ statusCode: 201, data: JSON.stringify(body), header: {} })

beforeEach(() => {
  sent.length = 0
  grant.value = undefined
  uni.request = ((one: unknown) => void sent.push(one as Sent)) as unknown as typeof uni.request
  begin('staff', { access_token: 'a', refresh_token: 'r', expires_in: 900 } as never)
})

it('is asked for once by all who want it at the same time', async () => {
  const wanted = [renewGrant('s'), renewGrant('s'), renewGrant('s')]
  await settle()
  expect(sent.map((one) => one.url)).toEqual(['/v1/staff/offline-grants'])
  answer(sent[0], granted('g1', Date.now()))
  await Promise.all(wanted)
  expect(sent).toHaveLength(1)
  expect(grant.value?.grant_id).toBe('g1')
})

it('is asked for again after a failure, by whoever waited for that', async () => {
  const [first, second] = [renewGrant('s'), renewGrant('s')]
  await settle()
  sent[0]?.fail({ errMsg: 'request:fail' })
  await expect(first).rejects.toBeTruthy()
  await settle()
  answer(sent[1], granted('g2', Date.now()))
  await second
  expect(grant.value?.grant_id).toBe('g2')
})

it('sets the till’s clock right: one that is an hour slow holds a grant that is as long as it is', async () => {
  const wanted = renewGrant('s')
  await settle()
  const ours = Date.now() + 60 * MINUTE
  answer(sent[0], granted('g3', ours))
  await wanted
  expect(Math.abs(serverNow() - ours)).toBeLessThan(MINUTE)
  expect(grantFor('s', ours + 11 * 60 * MINUTE)?.grant_id).toBe('g3')
  expect(grantFor('s', ours + 13 * 60 * MINUTE)).toBeUndefined()
})
