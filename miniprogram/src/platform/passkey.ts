/** Passkeys, which browsers have and WeChat has not. They belong to a domain. The server speaks JSON with base64url, the browser bytes. */

type Json = Record<string, unknown>

export const hasPasskeys = (): boolean => {
  // #ifdef H5
  const isDomain = !/^[\d.]+$|^\[/.test(location.hostname)
  return isDomain && typeof PublicKeyCredential !== 'undefined' && window.isSecureContext
  // #endif
  // #ifndef H5
  return false
  // #endif
}

// #ifdef H5
function bytes(text: unknown): ArrayBuffer {
  const plain = atob(String(text).replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer
}

function text(buffer: ArrayBuffer | null | undefined): string | undefined {
  if (!buffer) return undefined
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const withBytes = (list: unknown): unknown => (Array.isArray(list) ? (list as Json[]).map((each) => ({ ...each, id: bytes(each.id) })) : undefined)

function answered(credential: PublicKeyCredential, response: Json): Json {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, authenticatorAttachment: credential.authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults(), response }
}
// #endif

/** Makes a passkey from the server's options; undefined when the person let it be. */
export async function makePasskey(options: Json): Promise<Json | undefined> {
  // #ifdef H5
  const publicKey = (options.publicKey ?? options) as Json
  const user = publicKey.user as Json
  const asked = {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: withBytes(publicKey.excludeCredentials),
    // Sign-in names nobody beforehand, so the device itself must know whose the key is.
    authenticatorSelection: { ...(publicKey.authenticatorSelection as Json | undefined), residentKey: 'required', requireResidentKey: true },
  }
  const made = (await navigator.credentials.create({ publicKey: asked as unknown as PublicKeyCredentialCreationOptions }).catch(() => null)) as PublicKeyCredential | null
  if (!made) return undefined
  const response = made.response as AuthenticatorAttestationResponse
  return answered(made, { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] })
  // #endif
  // #ifndef H5
  return Promise.resolve(options && undefined)
  // #endif
}

/** Answers the server's challenge with a passkey of this device; undefined when the person let it be. */
export async function usePasskey(options: Json): Promise<Json | undefined> {
  // #ifdef H5
  const publicKey = (options.publicKey ?? options) as Json
  const asked = { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: withBytes(publicKey.allowCredentials) }
  const used = (await navigator.credentials.get({ publicKey: asked as unknown as PublicKeyCredentialRequestOptions }).catch(() => null)) as PublicKeyCredential | null
  if (!used) return undefined
  const response = used.response as AuthenticatorAssertionResponse
  return answered(used, { clientDataJSON: text(response.clientDataJSON), authenticatorData: text(response.authenticatorData), signature: text(response.signature), userHandle: text(response.userHandle) })
  // #endif
  // #ifndef H5
  return Promise.resolve(options && undefined)
  // #endif
}
