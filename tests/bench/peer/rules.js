// What one job asks before it sends: the same gates as the project's, in one Redis script, with what it holds.
'use strict'

const DAY = 24 * 3600 * 1000

// KEYS: opt-outs, consents, the member's cap slots. ARGV: member, now, a day ago, a week ago, the job's id.
const GATES = `
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'opted_out' end
if tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') < 1 then return 'no_consent' end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[4])
if redis.call('ZCOUNT', KEYS[3], ARGV[3], '+inf') >= 2 then return 'frequency_cap' end
if redis.call('ZCARD', KEYS[3]) >= 4 then return 'frequency_cap' end
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[5])
redis.call('HINCRBY', KEYS[2], ARGV[1], -1)
return 'send'
`

const openid = (member) => 'o' + String(member).padStart(27, '0')
const isOptedOut = (member) => member % 100 < 8
const isAtCap = (member) => member % 100 >= 8 && member % 100 < 13

async function load(redis, members) {
  const now = Date.now()
  for (let from = 0; from < members; from += 5000) {
    const pipeline = redis.pipeline()
    for (let member = from; member < Math.min(from + 5000, members); member++) {
      pipeline.hset('consents', member, 3)
      if (isOptedOut(member)) pipeline.sadd('opt-outs', member)
      if (isAtCap(member)) pipeline.zadd(`slots:${member}`, now - 3600e3, 'a', now - 3600e3, 'b')
    }
    await pipeline.exec()
  }
}

module.exports = { DAY, GATES, openid, load }
