/**
 * A shop for the run: `huike demo` on free ports with a fresh folder. `HUIKE_BINARY` names the binary; with `HUIKE_CONSOLE` a demo that
 * runs already is used instead (its folder in `HUIKE_DATA`).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const BINARY = process.env.HUIKE_BINARY ?? resolve(import.meta.dirname, '../../../target/debug/huike')
const PATIENCE_MS = 180_000
const GREETING = 'Console '

export default async function openShop() {
  if (process.env.HUIKE_CONSOLE) return
  const folder = mkdtempSync(join(tmpdir(), 'huike-e2e-'))
  const [listen, sandbox] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const shop = spawn(BINARY, ['demo', '--data', folder, '--listen', listen, '--sandbox', sandbox], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // Also when the run is broken off before its teardown.
  process.once('exit', () => shop.kill('SIGKILL'))
  await greeted(shop)
  process.env.HUIKE_CONSOLE = `http://${listen}`
  process.env.HUIKE_DATA = folder
  return async () => {
    const ended = new Promise((done) => shop.once('exit', done))
    shop.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The demo reads every `HUIKE_` variable as a setting, so it is given none of the run's own. All tests sign in from one address, which people do not. */
function environment(): NodeJS.ProcessEnv {
  const rest = Object.entries(process.env).filter(([name]) => !name.startsWith('HUIKE_'))
  return { ...Object.fromEntries(rest), HUIKE_TIMEZONE: 'Asia/Shanghai', HUIKE_SIGN_IN_ATTEMPTS_PER_ADDRESS_PER_MINUTE: '1000' }
}

function greeted(shop: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    let said = ''
    const patience = setTimeout(() => failed(new Error(`${BINARY} demo said only: ${said}`)), PATIENCE_MS)
    shop.once('error', failed)
    shop.once('exit', (code) => failed(new Error(`${BINARY} demo ended with ${code}: ${said}`)))
    shop.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString()
      if (!said.includes(GREETING)) return
      clearTimeout(patience)
      done()
    })
  })
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
