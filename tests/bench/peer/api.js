// The peer of the HTTP benchmarks: api.js PORT, with DATABASE_URL and SECRET (base64). Fastify and pg as their own documents tune
// them; a token's key is a key object; a claim is a transaction on the template's row.
'use strict'

const { createSecretKey, randomUUID, createHmac, timingSafeEqual } = require('crypto')
const fastify = require('fastify')({ logger: false })
const { Pool } = require('pg')

const key = createSecretKey(Buffer.from(process.env.SECRET, 'base64'))
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 16 })

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

fastify.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
