import { isUtf8 } from 'node:buffer'
import { BadEvidence } from './bad-evidence.ts'
import { decodeBase64 } from './base64.ts'
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { HASH_BYTES, leafHash } from './hashes.ts'
import type { Verified } from './note.ts'
import { verifyInclusion } from './verify-proof.ts'
import type { VerifierKey } from './vkey.ts'

// A proof that one entry is in a log, as a file: https://c2sp.org/tlog-proof
//
//   c2sp.org/tlog-proof@v1
//   extra <base64>              optional
//   index <number of the leaf>
//   <base64 of a hash>          the inclusion proof, from the leaf's sibling upward
//                               an empty line
//   <checkpoint, verbatim>

export const TLOG_PROOF_MAGIC = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^53 leaves is not higher. */
const HASHES_MAX = 64

export interface TlogProof {
  /** What the log wants to say beside the proof; nothing vouches for it. */
  readonly extra?: Buffer
  readonly index: number
  readonly hashes: readonly Buffer[]
  /** The signed checkpoint, as it is. */
  readonly checkpoint: string
}

export function encodeTlogProof({ extra, index, hashes, checkpoint }: TlogProof): string {
  const lines = [
    TLOG_PROOF_MAGIC,
    ...(extra === undefined ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...hashes.map((hash) => hash.toString('base64'))
  ]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** Throws BadEvidence unless the bytes are a proof to the letter. Proves nothing yet. */
export function decodeTlogProof(bytes: Uint8Array): TlogProof {
  if (!isUtf8(bytes)) throw new BadEvidence('expected a proof in UTF-8')
  const text = Buffer.from(bytes).toString('utf8')
  const end = text.indexOf('\n\n')
  if (end === -1) throw new BadEvidence('expected an empty line between the proof and the checkpoint')
  const [magic, ...lines] = text.slice(0, end).split('\n')
  if (magic !== TLOG_PROOF_MAGIC)
    throw new BadEvidence(`expected "${TLOG_PROOF_MAGIC}" in line 1, got "${magic}"`)
  const extraText = lines[0]?.startsWith('extra ') ? lines.shift()?.slice('extra '.length) : undefined
  const extra = extraText === undefined ? undefined : decodeBase64(extraText)
  if (extraText !== undefined && extra === undefined)
    throw new BadEvidence(`expected base64 behind "extra", got "${extraText}"`)
  const indexText = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '')?.[1]
  if (indexText === undefined || !Number.isSafeInteger(Number(indexText)))
    throw new BadEvidence('expected "index <number>" before the hashes')
  if (lines.length > HASHES_MAX) throw new BadEvidence(`a proof has at most ${HASHES_MAX} hashes`)
  return {
    ...(extra !== undefined && { extra }),
    index: Number(indexText),
    hashes: lines.map(readHash),
    checkpoint: text.slice(end + 2)
  }
}

/**
 * Throws BadEvidence unless the proof shows that `entry` is in the log, under a checkpoint that one of `keys`
 * signed for it.
 */
export function verifyTlogProof(
  proof: TlogProof,
  entry: Uint8Array,
  keys: readonly VerifierKey[]
): SignedCheckpoint & { verified: Verified[] } {
  const checkpoint = openCheckpoint(Buffer.from(proof.checkpoint), keys)
  verifyInclusion(leafHash(entry), proof.index, checkpoint, proof.hashes)
  return checkpoint
}

function readHash(text: string): Buffer {
  const hash = decodeBase64(text)
  if (hash?.length !== HASH_BYTES) throw new BadEvidence(`expected a hash, base64 of 32 bytes; got "${text}"`)
  return hash
}
