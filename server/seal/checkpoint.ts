import { BadEvidence } from './bad-evidence.ts'
import { decodeBase64 } from './base64.ts'
import { HASH_BYTES } from './hashes.ts'
import { type Note, openNote, parseNote, type Verified } from './note.ts'
import { isKeyName, type VerifierKey } from './vkey.ts'

// The text of a checkpoint: origin, number of leaves and root in base64, a line each.
// https://c2sp.org/tlog-checkpoint

export interface Checkpoint {
  /** Name of the log, and of its key. */
  readonly origin: string
  /** Leaves of the tree. */
  readonly size: number
  readonly root: Buffer
}

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** Throws BadEvidence unless the text is a checkpoint to the letter. Extension lines are none of ours. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeText = '', rootText = '', end, ...more] = text.split('\n')
  const size = /^(0|[1-9][0-9]{0,15})$/.test(sizeText) ? Number(sizeText) : Number.NaN
  const root = decodeBase64(rootText)
  if (!isKeyName(origin)) throw new BadEvidence(`expected the origin of a log in line 1, got "${origin}"`)
  if (!Number.isSafeInteger(size))
    throw new BadEvidence(`expected the size of a tree in line 2, decimal; got "${sizeText}"`)
  if (root?.length !== HASH_BYTES)
    throw new BadEvidence(`expected the root in line 3, base64 of 32 bytes; got "${rootText}"`)
  if (end !== '' || more.length > 0) throw new BadEvidence('expected three lines, and nothing behind them')
  return { origin, size, root }
}

/** A checkpoint with its signatures. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note
}

/** Reads a signed checkpoint without a look at its signatures. */
export function parseSignedCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  const note = parseNote(bytes)
  return { ...parseCheckpoint(note.text), note }
}

/**
 * Reads a signed checkpoint and throws BadEvidence unless one of `keys` that has the log's name signed it, and
 * no known key wrongly. `verified` holds the signatures of all known keys, witnesses too.
 */
export function openCheckpoint(
  bytes: Uint8Array,
  keys: readonly VerifierKey[]
): SignedCheckpoint & { verified: Verified[] } {
  const { verified, ...note } = openNote(bytes, keys)
  const checkpoint = parseCheckpoint(note.text)
  if (!verified.some(({ key }) => key.type === 'ed25519' && key.name === checkpoint.origin))
    throw new BadEvidence(`the checkpoint of ${checkpoint.origin} is not signed by a known key of that log`)
  return { ...checkpoint, note, verified }
}
