import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { BadEvidence } from './bad-evidence.ts'
import { decodeBase64 } from './base64.ts'
import { sha256 } from './hashes.ts'

// A verifier key: `<name>+<key id, 8 hexadecimal digits>+<base64(type ‖ public key)>`.
// https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature

/** What a key signs: a log's checkpoint as it is, or, as a witness does, together with the time. */
export type KeyType = 'ed25519' | 'cosignature/v1'

const typeBytes: Record<KeyType, number> = { ed25519: 0x01, 'cosignature/v1': 0x04 }
const PUBLIC_KEY_BYTES = 32
const KEY_ID_BYTES = 4

export interface VerifierKey {
  readonly name: string
  readonly type: KeyType
  /** The first 4 bytes of SHA-256(name ‖ LF ‖ type ‖ public key). */
  readonly id: Buffer
  readonly publicKey: Buffer
}

export function verifierKey(name: string, type: KeyType, publicKey: Buffer): VerifierKey {
  if (!isKeyName(name))
    throw new BadEvidence(`expected the name of a key, without space and "+"; got "${name}"`)
  const hashed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(typeBytes[type]), publicKey])
  return { name, type, id: sha256(hashed).subarray(0, KEY_ID_BYTES), publicKey }
}

/** Names are not empty and have neither white space nor `+`, so that a signature line can be taken apart. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+\p{Cc}]/u.test(name)
}

export function formatVkey({ name, type, id, publicKey }: VerifierKey): string {
  const encoded = Buffer.concat([Buffer.of(typeBytes[type]), publicKey]).toString('base64')
  return `${name}+${id.toString('hex')}+${encoded}`
}

export function parseVkey(text: string): VerifierKey {
  const [name = '', id, encoded, ...more] = splitVkey(text)
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded)
  const type = (Object.keys(typeBytes) as KeyType[]).find((each) => typeBytes[each] === bytes?.[0])
  if (more.length > 0 || bytes?.length !== 1 + PUBLIC_KEY_BYTES || type === undefined) {
    throw new BadEvidence(
      `expected a verifier key, <name>+<8 hexadecimal digits>+<base64 of a type (1 or 4) and an Ed25519 key>; got "${text}"`
    )
  }
  const key = verifierKey(name, type, bytes.subarray(1))
  if (key.id.toString('hex') !== id)
    throw new BadEvidence(`the id of the key is ${key.id.toString('hex')}, but "${text}" says ${id}`)
  return key
}

// Base64 has `+` too, so only the first two divide.
function splitVkey(text: string): string[] {
  const [name = '', id = '', ...rest] = text.split('+')
  return [name, id, rest.join('+')]
}

export function verifyEd25519(publicKey: Buffer, message: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, message, publicKeyObject(publicKey), signature)
}

function publicKeyObject(publicKey: Buffer): KeyObject {
  if (publicKey.length !== PUBLIC_KEY_BYTES)
    throw new BadEvidence(`an Ed25519 key has 32 bytes, got ${publicKey.length}`)
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }
  return createPublicKey({ key: jwk, format: 'jwk' })
}
