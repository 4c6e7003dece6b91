/**
 * A shop for the run: `huike demo` on free ports with a fresh folder. `HUIKE_BINARY` names the binary; with `HUIKE_APP` (its
 * address, for instance http://127.0.0.1:8080) a demo that runs already is used instead.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const BINARY = process.env.HUIKE_BINARY ?? resolve(import.meta.dirname, '../../../target/debug/huike')
const BUILD = resolve(import.meta.dirname, '../../dist/build/h5/index.html')
const PATIENCE_MS = 60_000

export default async function openShop() {
  if (process.env.HUIKE_APP) return
  if (!existsSync(BUILD)) throw new Error('there is no browser build to test: npm run build:h5')
  return startDemo()
}

/** Gives back what stops it. */
export async function startDemo(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'huike-mini-'))
  const [listen, sandbox] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const shop = run(['demo', '--data', folder, '--listen', listen, '--sandbox', sandbox])
  await said(shop, 'Mini-program ')
  process.env.HUIKE_APP = `http://localhost:${listen.split(':')[1]}`
  return async () => {
    await ended(shop)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A process of the binary. */
export const run = (what: string[], settings: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(BINARY, what, { env: { ...environment(), ...settings }, stdio: ['ignore', 'pipe', 'inherit'] })

export async function ended(process: ChildProcess): Promise<void> {
  const gone = new Promise((done) => process.once('exit', done))
  process.kill('SIGTERM')
  await gone
}

/**
 * The demo reads every `HUIKE_` variable as a setting, so it is given none of the run's own. Tests also run at night: no quiet hours; and all of them sign in from one
 * address, which people do not.
 */
function environment(): NodeJS.ProcessEnv {
  const rest = Object.entries(process.env).filter(([name]) => !name.startsWith('HUIKE_'))
  return {
    ...Object.fromEntries(rest),
    HUIKE_TIMEZONE: 'Asia/Shanghai',
    HUIKE_QUIET_HOURS_START: '00:00',
    HUIKE_QUIET_HOURS_END: '00:00',
    HUIKE_SIGN_IN_ATTEMPTS_PER_ADDRESS_PER_MINUTE: '1000',
    HUIKE_SIGN_IN_SMS_PER_ADDRESS_PER_HOUR: '1000',
  }
}

/** All that it has said when it says `word`. */
export function said(process: ChildProcess, word: string): Promise<string> {
  return new Promise((done, failed) => {
    let text = ''
    const patience = setTimeout(() => failed(new Error(`${process.spawnargs.join(' ')} said only: ${text}`)), PATIENCE_MS)
    process.once('error', failed)
    process.once('exit', (code) => failed(new Error(`${process.spawnargs.join(' ')} ended with ${code}: ${text}`)))
    process.stdout?.on('data', (piece: Buffer) => {
      text += piece.toString()
      if (!text.includes(word)) return
      clearTimeout(patience)
      done(text)
    })
  })
}

export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
