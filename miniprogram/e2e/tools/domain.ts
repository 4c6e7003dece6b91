/** A shop of its own under a name, which passkeys need: a demo knows only its address. Its WeChat is a sandbox beside it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { ended, freePort, run, said } from './demo'
import { ask, type Person, type SignedIn } from './shop'

export interface DomainShop {
  /** Enrols somebody by WeChat. */
  enrol: (name: string) => Promise<SignedIn>
  stop: () => Promise<void>
}

/** From then on `shop()` is this one, until it stops. */
export async function startAtDomain(): Promise<DomainShop> {
  const before = process.env.HUIKE_APP
  const folder = mkdtempSync(join(tmpdir(), 'huike-domain-'))
  const sandbox = run(['sandbox', '--listen', '127.0.0.1:0'])
  const wechat = Object.fromEntries([...(await said(sandbox, 'Ctrl-C')).matchAll(/^export (HUIKE_WECHAT_\w+)=(.*)$/gm)].map(([, name = '', value]) => [name, value]))
  const port = await freePort()
  const address = `http://localhost:${port}`
  const server = run(['serve'], {
    ...wechat,
    HUIKE_LISTEN: `127.0.0.1:${port}`,
    HUIKE_PUBLIC_URL: address,
    HUIKE_DATABASE_URL: `sqlite://${join(folder, 'huike.db')}`,
    HUIKE_LOG_FILTER: 'warn',
  })
  await expect.poll(() => fetch(`${address}/readyz`).then(({ ok }) => ok, () => false), { timeout: 60_000 }).toBe(true)
  process.env.HUIKE_APP = address
  const phones = wechat.HUIKE_WECHAT_BASE_URL ?? ''
  return {
    enrol: async (name) => {
      const person = await ask<Person>('POST', '/sandbox/api/people', { name }, undefined, phones)
      const { code } = await ask<{ code: string }>('POST', `/sandbox/api/people/${person.id}/login-codes`, {}, undefined, phones)
      return ask('POST', '/v1/auth/wechat', { code })
    },
    stop: async () => {
      process.env.HUIKE_APP = before
      await ended(server)
      await ended(sandbox)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
