import { isUtf8 } from 'node:buffer'
import { BadEvidence } from './bad-evidence.ts'
import { decodeBase64 } from './base64.ts'
import { cosignedMessage } from './cosignature.ts'
import { isKeyName, type VerifierKey, verifyEd25519 } from './vkey.ts'

// A signed note: a text that ends with a line feed, an empty line, and signature lines
//
//   — <name> <base64(key id (4 bytes) ‖ signature)>
//
// with U+2014 and a space before the name. https://c2sp.org/signed-note

/** The specification asks for 16 at least. */
export const NOTE_SIGNATURES_MAX = 100
export const NOTE_BYTES_MAX = 1_048_576
const DASH = '— '
const KEY_ID_BYTES = 4

export interface NoteSignature {
  readonly name: string
  readonly keyId: Buffer
  /** What the key's type makes of it: 64 bytes of Ed25519, or a time and those. */
  readonly signature: Buffer
}

export interface Note {
  /** With its last line feed: what is signed. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** A signature that a known key made. */
export interface Verified {
  readonly key: VerifierKey
  readonly signature: NoteSignature
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignature).join('')}`
}

export function formatSignature({ name, keyId, signature }: NoteSignature): string {
  return `${DASH}${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`
}

/** Throws BadEvidence unless the bytes are a signed note to the letter. Looks at no signature. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_BYTES_MAX) throw new BadEvidence(`a note has at most ${NOTE_BYTES_MAX} bytes`)
  if (!isUtf8(bytes)) throw new BadEvidence('expected a note in UTF-8')
  if (bytes.some((byte) => byte < 0x20 && byte !== 0x0a))
    throw new BadEvidence('a note has no control characters but line feeds')
  const whole = Buffer.from(bytes).toString('utf8')
  const end = whole.lastIndexOf('\n\n')
  if (end === -1) throw new BadEvidence('expected an empty line between the note and its signatures')
  return { text: whole.slice(0, end + 1), signatures: parseSignatures(whole.slice(end + 2)) }
}

/** Signature lines alone, as a witness answers them. */
export function parseSignatures(text: string): NoteSignature[] {
  if (!text.endsWith('\n')) throw new BadEvidence('expected signature lines, the last one with its line feed')
  const lines = text.slice(0, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX)
    throw new BadEvidence(`expected at most ${NOTE_SIGNATURES_MAX} signatures, got ${lines.length}`)
  return lines.map(parseSignature)
}

function parseSignature(line: string): NoteSignature {
  const [name = '', encoded = '', ...more] = line.slice(DASH.length).split(' ')
  const bytes = decodeBase64(encoded)
  const isLine = line.startsWith(DASH) && isKeyName(name) && more.length === 0
  if (!isLine || bytes === undefined || bytes.length <= KEY_ID_BYTES)
    throw new BadEvidence(`expected a signature line, "— <name> <base64>"; got "${line}"`)
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) }
}

/**
 * The signatures by known keys. Those of unknown keys are ignored; one that has the name and id of a known key
 * and was not made by it throws BadEvidence.
 */
export function verifySignatures({ text, signatures }: Note, keys: readonly VerifierKey[]): Verified[] {
  const verified: Verified[] = []
  for (const signature of signatures) {
    const key = keys.find(({ name, id }) => name === signature.name && id.equals(signature.keyId))
    if (key === undefined) continue
    if (!isSignedBy(key, text, signature.signature)) {
      throw new BadEvidence(
        `the signature of ${key.name} (key ${key.id.toString('hex')}) does not belong to this text: one of them was changed`
      )
    }
    verified.push({ key, signature })
  }
  return verified
}

/** Parses the note and throws BadEvidence unless at least one of the known keys signed it, and none wrongly. */
export function openNote(bytes: Uint8Array, keys: readonly VerifierKey[]): Note & { verified: Verified[] } {
  const note = parseNote(bytes)
  const verified = verifySignatures(note, keys)
  if (verified.length === 0) {
    const known = keys.map(({ name, id }) => `${name} (${id.toString('hex')})`).join(', ')
    const signers = note.signatures.map(({ name, keyId }) => `${name} (${keyId.toString('hex')})`).join(', ')
    throw new BadEvidence(`expected a signature by ${known}; it is signed by ${signers}`)
  }
  return { ...note, verified }
}

function isSignedBy(key: VerifierKey, text: string, signature: Buffer): boolean {
  if (key.type === 'ed25519') return verifyEd25519(key.publicKey, Buffer.from(text), signature)
  const message = cosignedMessage(text, signature)
  return message !== undefined && verifyEd25519(key.publicKey, message.bytes, message.signature)
}
