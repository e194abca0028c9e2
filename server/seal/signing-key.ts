import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { cosignatureMessage, encodeCosignature } from './cosignature.ts'
import type { NoteSignature } from './note.ts'
import { type KeyType, type VerifierKey, verifierKey } from './vkey.ts'

/** A private Ed25519 key under the name that it signs with. */
export interface SigningKey {
  readonly verifier: VerifierKey
  readonly privateKey: KeyObject
}

export function signingKey(name: string, type: KeyType, privateKey: KeyObject): SigningKey {
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`expected an Ed25519 key, got ${privateKey.asymmetricKeyType}`)
  const { x = '' } = createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({
    format: 'jwk'
  })
  return { verifier: verifierKey(name, type, Buffer.from(x, 'base64url')), privateKey }
}

/** Signs a text as a log does: as it is, with its last line feed. */
export function signText({ verifier, privateKey }: SigningKey, text: string): NoteSignature {
  if (verifier.type !== 'ed25519') throw new Error(`${verifier.name} is a witness's key: it cosigns`)
  return { name: verifier.name, keyId: verifier.id, signature: sign(null, Buffer.from(text), privateKey) }
}

/** Signs a checkpoint's text as a witness does, which saw it at that time. */
export function cosignText(
  { verifier, privateKey }: SigningKey,
  text: string,
  seconds: number
): NoteSignature {
  if (verifier.type !== 'cosignature/v1')
    throw new Error(`${verifier.name} is a log's key: it does not cosign`)
  const signature = encodeCosignature(seconds, sign(null, cosignatureMessage(text, seconds), privateKey))
  return { name: verifier.name, keyId: verifier.id, signature }
}
