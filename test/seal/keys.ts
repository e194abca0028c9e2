import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { type SigningKey, signingKey } from '../../server/seal/signing-key.ts'
import type { KeyType } from '../../server/seal/vkey.ts'

/** A new key of this name. */
export function newKey(name: string, type: KeyType = 'ed25519'): SigningKey {
  return signingKey(name, type, generateKeyPairSync('ed25519').privateKey)
}

/** The public key in the form that OpenSSL reads. */
export function publicPem({ privateKey }: SigningKey): string {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }).toString()
}
