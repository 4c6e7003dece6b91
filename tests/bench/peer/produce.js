// Adds a job per member and waits for the last outcome: produce.js REDIS_PORT MEMBERS
'use strict'

const { Queue } = require('bullmq')
const Redis = require('ioredis')
const { load } = require('./rules')

const [redisPort, members] = process.argv.slice(2).map(Number)
const CHUNK = 1000

async function main() {
  const redis = new Redis(redisPort)
  await load(redis, members)
  const queue = new Queue('push', { connection: { host: '127.0.0.1', port: redisPort } })
  await queue.waitUntilReady()
  console.log('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  const began = Date.now()
  for (let from = 0; from < members; from += CHUNK) {
    const jobs = []
    for (let member = from; member < Math.min(from + CHUNK, members); member++) {
      jobs.push({ name: 'send', data: { member }, opts: { attempts: 1 } })
    }
    await queue.addBulk(jobs)
  }
  let counts
  do {
    await new Promise((resolve) => setTimeout(resolve, 20))
    counts = await queue.getJobCounts('completed', 'failed')
  } while (counts.completed + counts.failed < members)
  console.log(JSON.stringify({ seconds: (Date.now() - began) / 1000, ...counts }))
  process.exit(0)
}

main()
