/** SHA-256 and HMAC over it. A mini-program has no crypto of its own, and a card code must be made without a network. */
const ROUNDS = 64
const BLOCK = 64

const fraction = (x: number): number => ((x - Math.floor(x)) * 2 ** 32) | 0

/** The constants of FIPS 180-4: fractions of the square and cube roots of the first primes. */
const { START, K } = (() => {
  const primes: number[] = []
  for (let n = 2; primes.length < ROUNDS; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return { START: primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))), K: primes.map((prime) => fraction(Math.cbrt(prime))) }
})()

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by))
const at = (words: ArrayLike<number>, index: number): number => words[index] ?? 0

function padded(message: Uint8Array): Uint8Array {
  const length = (Math.floor((message.length + 8) / BLOCK) + 1) * BLOCK
  const bytes = new Uint8Array(length)
  bytes.set(message)
  bytes[message.length] = 0x80
  const bits = new DataView(bytes.buffer)
  bits.setUint32(length - 8, Math.floor((message.length * 8) / 2 ** 32))
  bits.setUint32(length - 4, (message.length * 8) >>> 0)
  return bytes
}

function schedule(view: DataView, offset: number): Int32Array {
  const w = new Int32Array(ROUNDS)
  for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(offset + i * 4)
  for (let i = 16; i < ROUNDS; i += 1) {
    const a = at(w, i - 15)
    const b = at(w, i - 2)
    const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)
    const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)
    w[i] = at(w, i - 16) + s0 + at(w, i - 7) + s1
  }
  return w
}

function compress(state: Int32Array, w: Int32Array): void {
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < ROUNDS; i += 1) {
    const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(K, i) + at(w, i)) | 0
    const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  ;[a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] = at(state, index) + word))
}

export function sha256(message: Uint8Array): Uint8Array {
  const bytes = padded(message)
  const view = new DataView(bytes.buffer)
  const state = Int32Array.from(START)
  for (let offset = 0; offset < bytes.length; offset += BLOCK) compress(state, schedule(view, offset))
  const digest = new Uint8Array(32)
  const out = new DataView(digest.buffer)
  state.forEach((word, index) => out.setInt32(index * 4, word))
  return digest
}

export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > BLOCK ? sha256(key) : key
  const pad = (byte: number, rest: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(BLOCK + rest.length).fill(byte, 0, BLOCK)
    short.forEach((each, index) => (bytes[index] = each ^ byte))
    bytes.set(rest, BLOCK)
    return bytes
  }
  return sha256(pad(0x5c, sha256(pad(0x36, message))))
}
