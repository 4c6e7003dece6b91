/** A line to the server on which the answers to one path are late. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { baseUrl } from './api'

export async function slowAnswers(path: string, milliseconds: number) {
  let sending = Promise.resolve()
  let hears: () => void = () => undefined
  const server = createServer((asked, answer) => {
    const { method, headers } = asked
    const onward = request(new URL(asked.url ?? '/', baseUrl()), { method, headers, agent: false }, (given) => {
      const send = () => {
        answer.writeHead(given.statusCode ?? 502, given.headers)
        given.pipe(answer)
      }
      if (asked.url !== path) return send()
      sending = new Promise((sent) => answer.once('close', () => sent()))
      setTimeout(send, milliseconds)
      hears()
    })
    // Who asked may be gone; what was asked is done all the same.
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The server has answered, and the answer is on its way. */
    nextAnswer: () => new Promise<void>((resolve) => (hears = resolve)),
    /** Whatever was on its way has come, or found nobody. */
    allSent: () => sending,
    close: () => server.close(),
  }
}
