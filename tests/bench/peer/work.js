// One of the worker processes: work.js REDIS_PORT MOCK_PORT CONCURRENCY
'use strict'

const { Worker } = require('bullmq')
const Redis = require('ioredis')
const { Pool } = require('undici')
const { DAY, GATES, openid } = require('./rules')

const [redisPort, mockPort, concurrency] = process.argv.slice(2).map(Number)
const redis = new Redis(redisPort, { maxRetriesPerRequest: null })
redis.defineCommand('gates', { numberOfKeys: 3, lua: GATES })
const mock = new Pool(`http://127.0.0.1:${mockPort}`, { connections: concurrency, pipelining: 1 })

async function send(member) {
  const { body } = await mock.request({
    method: 'POST',
    path: '/cgi-bin/message/subscribe/send?access_token=bench',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      touser: openid(member),
      template_id: 'BENCH',
      data: { thing1: { value: '周末满减' }, thing2: { value: '会员专享' } },
      miniprogram_state: 'formal',
      lang: 'zh_CN',
      page: 'pages/index/index',
    }),
  })
  return body.json()
}

async function run(job) {
  const { member } = job.data
  const now = Date.now()
  const decision = await redis.gates(
    'opt-outs', 'consents', `slots:${member}`, member, now, now - DAY, now - 7 * DAY, job.id)
  if (decision !== 'send') return decision
  const answer = await send(member)
  if (answer.errcode !== 0) throw new Error(String(answer.errcode))
  return `sent ${answer.msgid}`
}

const worker = new Worker('push', run, {
  connection: { host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null },
  concurrency,
  limiter: { max: 200000, duration: 1000 },
})
worker.on('error', (error) => console.error(error))
process.on('SIGTERM', () => process.exit(0))
worker.waitUntilReady().then(() => console.log('ready'))
