import { Problem } from '../errors.ts'
import { type AddCheckpoint, parseAddCheckpoint } from '../seal/add-checkpoint.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { type Checkpoint, parseCheckpoint } from '../seal/checkpoint.ts'
import { type Note, type NoteSignature, parseNote, verifySignatures } from '../seal/note.ts'
import type { VerifierKey } from '../seal/vkey.ts'

const TOLD_CHARACTERS_MAX = 300

/** Keys of the logs that a witness watches, by the name of the log. A log that changes its key has several. */
export type WatchedLogs = ReadonlyMap<string, readonly VerifierKey[]>

/** A checkpoint that its log signed, and what shows that it follows from an older one. */
export interface Submitted extends Checkpoint {
  readonly oldSize: number
  readonly proof: readonly Buffer[]
  /** What the log signed: the checkpoint, and what extension lines it has. */
  readonly text: string
  /** One of each known key of the log that signed. */
  readonly signatures: readonly NoteSignature[]
}

/** Reads a request, in the order that https://c2sp.org/tlog-witness asks for. Throws the Problem that is its answer. */
export function readSubmitted(body: Buffer, logs: WatchedLogs): Submitted {
  const { oldSize, proof, note } = orProblem('checkpoint_invalid', () => readNote(body))
  const [origin = ''] = note.text.split('\n', 1)
  const keys = logs.get(origin)
  if (keys === undefined)
    throw new Problem(
      'log_unknown',
      `This witness does not watch the log "${shortened(origin)}": GET / lists those that it does.`
    )
  const signatures = signaturesOf(note, keys)
  const checkpoint = orProblem('checkpoint_invalid', () => readCheckpoint(note.text))
  if (oldSize > checkpoint.size) {
    throw new Problem(
      'checkpoint_invalid',
      `Expected an old size of at most ${checkpoint.size}, the size of the checkpoint; got ${oldSize}.`
    )
  }
  return { ...checkpoint, oldSize, proof, text: note.text, signatures }
}

/** The first three lines of the text, whatever the log added to them. Throws BadEvidence if they are none of a checkpoint. */
export function readCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  const extensions = lines.slice(3, -1)
  if (extensions.includes('')) throw new BadEvidence('expected no empty line in a checkpoint')
  return parseCheckpoint(`${lines.slice(0, 3).join('\n')}\n`)
}

function readNote(body: Buffer): Omit<AddCheckpoint, 'note'> & { note: Note } {
  const request = parseAddCheckpoint(body)
  return { ...request, note: parseNote(request.note) }
}

function signaturesOf(note: Note, keys: readonly VerifierKey[]): NoteSignature[] {
  const verified = orProblem('checkpoint_unsigned', () => verifySignatures(note, keys))
  if (verified.length === 0) {
    const known = keys.map(({ name, id }) => `${name} (${id.toString('hex')})`).join(', ')
    throw new Problem('checkpoint_unsigned', `Expected a signature by ${known}; there is none.`)
  }
  return keys.flatMap((known) => verified.find(({ key }) => key === known)?.signature ?? [])
}

function orProblem<Result>(code: 'checkpoint_invalid' | 'checkpoint_unsigned', read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new Problem(
      code,
      `The checkpoint cannot be cosigned: ${shortened(error.message)}.`,
      {},
      { cause: error }
    )
  }
}

/** What came may be long, and answers and the log tell of it. */
function shortened(text: string): string {
  return text.length > TOLD_CHARACTERS_MAX ? `${text.slice(0, TOLD_CHARACTERS_MAX)}…` : text
}
