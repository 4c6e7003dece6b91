// The peer of the HTTP benchmarks: api.js PORT, with DATABASE_URL and SECRET (base64). Fastify and pg as their own documents tune
// them; a token's key is a key object; a claim is a transaction on the template's row.
'use strict'

const http = require('http')
const { createSecretKey, createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } = require('crypto')
const fastify = require('fastify')({ logger: false })
const { Pool } = require('pg')

const key = createSecretKey(Buffer.from(process.env.SECRET, 'base64'))
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 16 })
const platform = { host: '127.0.0.1', port: Number(process.env.PLATFORM_PORT), agent: new http.Agent({ keepAlive: true, maxSockets: 64 }) }
const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')
const REFRESH_DAYS = 30

function claims(request) {
  const [header, payload, signature] = (request.headers.authorization || '').slice(7).split('.')
  const due = createHmac('sha256', key).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature || '', 'base64url')
  if (given.length !== due.length || !timingSafeEqual(given, due)) return null
  const said = JSON.parse(Buffer.from(payload, 'base64url'))
  return said.kind === 'member' && said.exp > Date.now() / 1000 ? said : null
}

const MEMBER = {
  name: 'member',
  text: `SELECT m.* FROM member m JOIN session s ON s.subject_id = m.id
    WHERE s.id = $1 AND s.subject_id = $2 AND s.subject_kind = 'member' AND s.revoked_at IS NULL`,
}
const TAKE = {
  name: 'take',
  text: 'UPDATE coupon_template SET taken = taken + 1 WHERE id = $1 AND taken < stock RETURNING name, threshold_fen, discount_fen',
}
const COUPON = {
  name: 'coupon',
  text: `INSERT INTO coupon (id, template_id, member_id, slot, code, state, valid_from, valid_until, source, claimed_at, updated_at)
    VALUES ($1, $2, $3, 1, $4, 'issued', now(), now() + interval '30 days', 'claim', now(), now()) ON CONFLICT DO NOTHING`,
}
const EVENT = {
  name: 'event',
  text: `INSERT INTO coupon_event (id, coupon_id, to_state, actor_kind, actor_id, created_at)
    VALUES ($1, $2, 'issued', 'member', $3, now())`,
}

const FIND = {
  name: 'find',
  text: `SELECT m.* FROM identity i JOIN member m ON m.id = i.member_id
    WHERE i.provider = 'wechat_openid' AND i.subject = $1 FOR UPDATE OF m`,
}
const SESSION = {
  name: 'session',
  text: `INSERT INTO session (id, subject_kind, subject_id, created_at, last_seen_at) VALUES ($1, 'member', $2, now(), now())`,
}
const REFRESH = {
  name: 'refresh',
  text: `INSERT INTO refresh_token (token_hash, session_id, issued_at, expires_at)
    VALUES ($1, $2, now(), now() + interval '${REFRESH_DAYS} days')`,
}
const HISTORY = {
  name: 'history',
  text: `INSERT INTO sign_in_event (id, member_id, session_id, method, outcome, address, created_at)
    VALUES ($1, $2, $3, 'wechat', 'signed_in', '127.0.*.*', now())`,
}

function token(memberId, sessionId) {
  const now = Math.floor(Date.now() / 1000)
  const said = { sub: memberId, kind: 'member', sid: sessionId, iat: now, exp: now + 900 }
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(said)).toString('base64url')}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

function codeToSession(code) {
  const path = `/sns/jscode2session?appid=wxbench&secret=bench&js_code=${encodeURIComponent(code)}&grant_type=authorization_code`
  return new Promise((resolve, reject) => {
    http.get({ ...platform, path }, (answer) => {
      let text = ''
      answer.on('data', (part) => (text += part))
      answer.on('end', () => resolve(JSON.parse(text)))
    }).on('error', reject)
  })
}

async function member(request, reply) {
  const said = claims(request)
  const { rows } = said ? await pool.query({ ...MEMBER, values: [said.sid, said.sub] }) : { rows: [] }
  if (rows.length === 1 && rows[0].state === 'active') return rows[0]
  reply.code(401).send({ code: 'unauthenticated' })
  return null
}

fastify.get('/healthz', async () => 'ok')

fastify.get('/v1/me', async (request, reply) => {
  const me = await member(request, reply)
  if (!me) return reply
  return { id: me.id, card_number: me.card_number, name: me.name, marketing_consent: me.marketing_consent, created_at: me.created_at }
})

fastify.post('/v1/coupon-templates/:id/claims', async (request, reply) => {
  const me = await member(request, reply)
  if (!me) return reply
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query({ ...TAKE, values: [request.params.id] })
    const id = randomUUID()
    const made = rows.length === 1 &&
      (await client.query({ ...COUPON, values: [id, request.params.id, me.id, id] })).rowCount === 1
    if (!made) {
      await client.query('ROLLBACK')
      return reply.code(409).send({ code: rows.length === 1 ? 'coupon_limit_reached' : 'coupon_sold_out' })
    }
    await client.query({ ...EVENT, values: [randomUUID(), id, me.id] })
    await client.query('COMMIT')
    return reply.code(201).send({ id, template_id: request.params.id, state: 'issued', rules: rows[0] })
  } finally {
    client.release()
  }
})

fastify.post('/v1/auth/wechat', async (request, reply) => {
  const { openid } = await codeToSession(request.body.code)
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows: [me] } = await client.query({ ...FIND, values: [openid] })
    if (!me || me.state !== 'active') {
      await client.query('ROLLBACK')
      return reply.code(401).send({ code: 'unauthenticated' })
    }
    const sessionId = randomUUID()
    const refreshToken = randomBytes(32).toString('base64url')
    await client.query({ ...SESSION, values: [sessionId, me.id] })
    await client.query({ ...REFRESH, values: [createHash('sha256').update(refreshToken).digest('hex'), sessionId] })
    await client.query({ ...HISTORY, values: [randomUUID(), me.id, sessionId] })
    await client.query('COMMIT')
    return {
      access_token: token(me.id, sessionId), refresh_token: refreshToken, expires_in: 900,
      member: { id: me.id, card_number: me.card_number, name: me.name }, enrolled: false,
    }
  } finally {
    client.release()
  }
})

fastify.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
