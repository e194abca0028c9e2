import { isUtf8 } from 'node:buffer'
import type { JournalRecord } from '../journal/record.ts'
import { BadEvidence } from './bad-evidence.ts'
import { decodeBase64 } from './base64.ts'
import { decodeBundle } from './bundle.ts'
import { parseSignedCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { isCommitment } from './commitment.ts'
import type { Leaf } from './leaf.ts'
import type { Verified } from './note.ts'
import { inclusionProof } from './proofs.ts'
import { TILE_WIDTH, type Tile, tileAt } from './tile.ts'
import { decodeTlogProof, encodeTlogProof, verifyTlogProof } from './tlog-proof.ts'
import type { VerifierKey } from './vkey.ts'

/** An event with all that proves it, and nothing of any other: what an auditor is given. */
export interface EventProof {
  event_id: string
  /** Number of the leaf, and of the journal's record. */
  index: number
  /** The log's entry, as it is. */
  leaf: string
  /** The event's bytes as they were received, in this encoding. */
  content: string
  encoding: 'utf8' | 'base64'
  /** What the leaf's commitment to the content was made with, in base64. */
  salt: string
  /** A file of its own for other tools: https://c2sp.org/tlog-proof */
  proof: string
}

/**
 * Proves that the event of a record is in the log, under a signed checkpoint of more leaves than the record's
 * index. `read` gives the bytes of a tile or bundle of that tree.
 */
export async function proveEvent(
  record: JournalRecord,
  checkpoint: string,
  read: (tile: Tile) => Promise<Buffer>
): Promise<EventProof> {
  const { index, eventId, payload, salt } = record
  const { size } = parseSignedCheckpoint(Buffer.from(checkpoint))
  const hashes = await inclusionProof(read, index, size)
  const encoding = isUtf8(payload) ? 'utf8' : 'base64'
  return {
    event_id: eventId,
    index,
    leaf: (await entryAt(read, index, size)).toString('utf8'),
    content: payload.toString(encoding),
    encoding,
    salt: salt.toString('base64'),
    proof: encodeTlogProof({ index, hashes, checkpoint })
  }
}

/** The entry as the log has it, whatever a leaf is made of by now. */
async function entryAt(read: (tile: Tile) => Promise<Buffer>, index: number, size: number): Promise<Buffer> {
  const tile = tileAt(size, 'entries', Math.floor(index / TILE_WIDTH))
  const entry = tile && decodeBundle(await read(tile), tile.width)[index % TILE_WIDTH]
  if (entry === undefined) throw new RangeError(`leaf ${index} is not in a tree of ${size} leaves`)
  return entry
}

/**
 * Throws BadEvidence unless the leaf is in the log under a checkpoint that one of `keys` signed, the leaf is
 * committed to this content, and all that stands beside them agrees.
 */
export function verifyEventProof(
  document: EventProof,
  keys: readonly VerifierKey[]
): SignedCheckpoint & { verified: Verified[] } {
  const { event_id, index, leaf, content, encoding, salt } = document
  const proof = decodeTlogProof(Buffer.from(document.proof))
  const checkpoint = verifyTlogProof(proof, Buffer.from(leaf), keys)
  if (proof.index !== index)
    throw new BadEvidence(`the proof is of leaf ${proof.index}, the document says ${index}`)

  const { event, payload, playtrail } = readLeaf(leaf)
  const payloadBytes = Buffer.from(content, encoding)
  const saltBytes = decodeBase64(salt)
  if (payloadBytes.toString(encoding) !== content || saltBytes === undefined)
    throw new BadEvidence(`content or salt is not ${encoding}, base64`)
  const isCommitted =
    payload.bytes === payloadBytes.length &&
    isCommitment(Buffer.from(payload.commitment, 'base64'), saltBytes, payloadBytes)
  if (!isCommitted) throw new BadEvidence('the content is not the one that the leaf is committed to')
  if (event.id !== event_id || playtrail.index !== index)
    throw new BadEvidence(
      `the leaf is of event ${event.id}, record ${playtrail.index}; the document says ${event_id}, ${index}`
    )
  return checkpoint
}

function readLeaf(text: string): Pick<Leaf, 'event' | 'payload' | 'playtrail'> {
  try {
    const leaf = JSON.parse(text) as Partial<Leaf>
    const { event, payload, playtrail } = leaf
    if (event !== undefined && typeof payload?.commitment === 'string' && playtrail !== undefined)
      return { event, payload, playtrail }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new BadEvidence(
    'the leaf is in the log, but is none of a journal: expected JSON with event, payload and playtrail'
  )
}
