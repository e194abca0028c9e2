import { isUtf8 } from 'node:buffer'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { limits } from '../limits.ts'
import { readFileWithin } from '../read-file.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { type EventProof, verifyEventProof } from '../seal/event-proof.ts'
import { ENTRY_BYTES_MAX } from '../seal/hashes.ts'
import type { Leaf } from '../seal/leaf.ts'
import { NOTE_BYTES_MAX } from '../seal/note.ts'
import { TLOG_PROOF_MAGIC } from '../seal/tlog-proof.ts'
import { formatVkey, type VerifierKey } from '../seal/vkey.ts'
import type { Findings } from './findings.ts'

/** A document with leaf, event (escaped at worst), checkpoint and hashes. */
const PROOF_BYTES_MAX = 6 * (limits.eventBytesMax + ENTRY_BYTES_MAX) + 2 * NOTE_BYTES_MAX
export const PROOF_SUFFIX = '.tlog-proof'
export const DOCUMENT_SUFFIX = '.json'

/** What the proof of an event showed. */
export interface ProvedEvent {
  log?: { origin: string; size: number; root: string }
  event_id?: string
  index?: number
  /** The leaf: who sent it, and when. */
  leaf?: Leaf
  signed_by: string[]
}

/**
 * Checks a file that `playtrail proof` wrote. A `.tlog-proof` says of nothing that people can read that it is in the log, so that the document
 * beside it is needed. Throws Uncheckable if there is nothing to be checked.
 */
export async function verifyProofFile(
  path: string,
  keys: readonly VerifierKey[],
  findings: Findings
): Promise<ProvedEvent> {
  if (!keys.some(({ type }) => type === 'ed25519'))
    throw new Uncheckable("there is no key to check the proof with. Give the log's key with --vkey.")
  try {
    const document = await readDocument(path)
    const { origin, size, root, verified } = verifyEventProof(document, keys)
    return {
      log: { origin, size, root: root.toString('base64') },
      event_id: document.event_id,
      index: document.index,
      leaf: JSON.parse(document.leaf) as Leaf,
      signed_by: verified.map(({ key }) => formatVkey(key))
    }
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    findings.add({ part: 'proof', message: error.message, file: path })
    return { signed_by: [] }
  }
}

async function readDocument(path: string): Promise<EventProof> {
  const bytes = await readNeeded(path)
  if (!bytes.toString('utf8').startsWith(TLOG_PROOF_MAGIC)) return parseEventProof(bytes)
  const beside = path.replace(new RegExp(`${PROOF_SUFFIX.replace('.', '\\.')}$`), '') + DOCUMENT_SUFFIX
  const document = parseEventProof(
    await readNeeded(
      beside,
      `${path} is the proof alone; the file with the event, which playtrail proof wrote beside it, belongs there`
    )
  )
  return { ...document, proof: bytes.toString('utf8') }
}

async function readNeeded(path: string, why = ''): Promise<Buffer> {
  const bytes = await readFileWithin(path, PROOF_BYTES_MAX)
  if (bytes === undefined) throw new Uncheckable(`there is no file ${path}${why === '' ? '' : `: ${why}`}.`)
  if (bytes.length > PROOF_BYTES_MAX) throw new BadEvidence(`a proof has at most ${PROOF_BYTES_MAX} bytes`)
  return bytes
}

const members = ['event_id', 'leaf', 'content', 'encoding', 'salt', 'proof'] as const

/** Throws BadEvidence unless the bytes are such a document by its form. Proves nothing yet. */
export function parseEventProof(bytes: Buffer): EventProof {
  const document: unknown = parsed(bytes)
  if (typeof document !== 'object' || document === null)
    throw new BadEvidence('expected a proof, as playtrail proof writes it: a JSON object')
  const given = document as Partial<Record<keyof EventProof, unknown>>
  for (const name of members)
    if (typeof given[name] !== 'string') throw new BadEvidence(`expected a text in the proof's "${name}"`)
  if (!Number.isSafeInteger(given.index)) throw new BadEvidence('expected a number in the proof\'s "index"')
  if (given.encoding !== 'utf8' && given.encoding !== 'base64')
    throw new BadEvidence(`expected the encoding utf8 or base64, got "${String(given.encoding)}"`)
  if (Buffer.byteLength(String(given.leaf)) > ENTRY_BYTES_MAX)
    throw new BadEvidence(`a leaf has at most ${ENTRY_BYTES_MAX} bytes`)
  return document as EventProof
}

function parsed(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new BadEvidence('expected a proof in UTF-8')
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new BadEvidence(`expected a proof: it is no JSON (${error.message})`, { cause: error })
    throw error
  }
}
