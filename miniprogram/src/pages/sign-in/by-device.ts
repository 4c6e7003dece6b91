/** Signing in by what this device holds. Undefined where the person let it be, or the device holds nothing for this shop. */
import { call } from '@/api/call'
import type { SignedIn } from '@/api/session'
import { loginCode } from '@/platform/login'
import { usePasskey } from '@/platform/passkey'
import { useSoter } from '@/platform/soter'
import { say } from '@/words'

export async function byPasskey(): Promise<SignedIn | undefined> {
  const { challenge_id, options } = await call('post', '/v1/auth/passkey-challenges')
  const credential = await usePasskey(options)
  return credential && call('post', '/v1/auth/passkeys', { body: { challenge_id, credential: credential as Record<string, never> } })
}

export async function bySoter(): Promise<SignedIn | undefined> {
  const { challenge_id, challenge } = await call('post', '/v1/auth/soter-challenges', { body: { code: await loginCode() } })
  const signed = await useSoter(challenge, say('signIn.soterAsk'))
  return signed && call('post', '/v1/auth/soter', { body: { challenge_id, ...signed } })
}
