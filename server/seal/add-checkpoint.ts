import { BadEvidence } from './bad-evidence.ts'
import { decodeBase64 } from './base64.ts'
import { HASH_BYTES } from './hashes.ts'

// What a log sends to a witness. https://c2sp.org/tlog-witness
//
//   old <size of the checkpoint that the witness knows, decimal>
//   <hash of the consistency proof, base64>        up to 63 lines
//                                                  empty line
//   <signed checkpoint>

/** No tree of less than 2^64 leaves needs more. */
export const PROOF_HASHES_MAX = 63

export interface AddCheckpoint {
  /** Leaves of the tree that the witness knows, 0 if none. */
  readonly oldSize: number
  /** Shows that the tree of the checkpoint began with that one. */
  readonly proof: readonly Buffer[]
  /** The signed checkpoint. */
  readonly note: Uint8Array
}

export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): Buffer {
  const lines = [`old ${oldSize}`, ...proof.map((hash) => hash.toString('base64'))]
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), note])
}

/** Throws BadEvidence unless the bytes are of that form. Does not look at the checkpoint. */
export function parseAddCheckpoint(bytes: Buffer): AddCheckpoint {
  const end = bytes.indexOf('\n\n')
  if (end === -1) throw new BadEvidence('expected an empty line between the proof and the checkpoint')
  const [old = '', ...hashes] = bytes.subarray(0, end).toString('latin1').split('\n')
  const size = /^old (0|[1-9][0-9]{0,15})$/.exec(old)?.[1]
  if (size === undefined || !Number.isSafeInteger(Number(size)))
    throw new BadEvidence(`expected "old <size>" in line 1, decimal; got "${old}"`)
  if (hashes.length > PROOF_HASHES_MAX)
    throw new BadEvidence(`expected at most ${PROOF_HASHES_MAX} hashes, got ${hashes.length}`)
  return { oldSize: Number(size), proof: hashes.map(parseHash), note: bytes.subarray(end + 2) }
}

function parseHash(line: string): Buffer {
  const hash = decodeBase64(line)
  if (hash?.length !== HASH_BYTES)
    throw new BadEvidence(`expected a hash of the proof, base64 of 32 bytes; got "${line}"`)
  return hash
}
