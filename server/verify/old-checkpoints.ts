import { Uncheckable } from '../index/reconcile/comparable.ts'
import { readFileWithin } from '../read-file.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { type Checkpoint, parseSignedCheckpoint } from '../seal/checkpoint.ts'
import { NOTE_BYTES_MAX, verifySignatures } from '../seal/note.ts'
import type { VerifierKey } from '../seal/vkey.ts'
import { witnessedPath } from '../seal/witnessed.ts'
import type { Findings } from './findings.ts'
import type { LogSource } from './log-source.ts'
import type { ExpectedRoot } from './roots.ts'

/** Reads checkpoints that were kept elsewhere. Throws Uncheckable on a file that cannot be read. */
export async function readOldCheckpoints(
  files: readonly string[],
  { origin }: Pick<Checkpoint, 'origin'>,
  keys: readonly VerifierKey[],
  findings: Findings
): Promise<ExpectedRoot[]> {
  const expected: ExpectedRoot[] = []
  for (const file of files) {
    const bytes = await readFileWithin(file, NOTE_BYTES_MAX)
    if (bytes === undefined) throw new Uncheckable(`there is no file ${file}, which --since names.`)
    const other = whyNotOurs(bytes, origin)
    if (other !== undefined) {
      // Somebody mistook one file for another, or kept an error page: that says nothing of the log.
      findings.unchecked.push(`${file}, which --since names, ${other}. Name a checkpoint of this log.`)
      continue
    }
    const read = readExpected({ part: 'old checkpoint', file, bytes }, origin, keys, findings)
    if (read !== undefined) expected.push(read)
  }
  return expected
}

/** What the file is, if it is no checkpoint of this log, not even a damaged one. */
function whyNotOurs(bytes: Buffer, origin: string): string | undefined {
  const end = bytes.indexOf('\n')
  if (bytes.subarray(0, end === -1 ? bytes.length : end).toString('utf8') === origin) return undefined
  if (bytes.length === 0) return 'is empty'
  try {
    return `is a checkpoint of the log ${parseSignedCheckpoint(bytes).origin}, and this log is ${origin}`
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    return `is no checkpoint: ${error.message}`
  }
}

/** A file with a checkpoint, as it was read. */
export interface CheckpointFile {
  file: string
  bytes: Buffer
}

/**
 * The newest checkpoints that witnesses with these keys cosigned, which are kept beside the log. They are to be read before
 * the log's own: then none is newer than that, also while the log goes on.
 */
export async function readWitnessed(
  source: LogSource,
  keys: readonly VerifierKey[]
): Promise<CheckpointFile[]> {
  const files: CheckpointFile[] = []
  for (const key of keys.filter(({ type }) => type === 'cosignature/v1')) {
    const bytes = await source.read(witnessedPath(key), NOTE_BYTES_MAX)
    if (bytes !== undefined) files.push({ file: source.placeOf(witnessedPath(key)), bytes })
  }
  return files
}

/** A signed checkpoint as something that the log has to continue; undefined if it is bad, which a finding says. */
export function readExpected(
  { part, file, bytes }: { part: ExpectedRoot['part']; file: string; bytes: Buffer },
  origin: string,
  keys: readonly VerifierKey[],
  findings: Findings
): ExpectedRoot | undefined {
  try {
    const { note, size, root, ...checkpoint } = parseSignedCheckpoint(bytes)
    if (checkpoint.origin !== origin)
      throw new BadEvidence(`it is of the log ${checkpoint.origin}, and this log is ${origin}`)
    const verified = verifySignatures(note, keys)
    const isSigned = verified.some(({ key }) => key.name === origin)
    // It has the signatures that the checkpoint has; an old checkpoint may be of a key that was given up since.
    if (!isSigned && part !== 'old checkpoint') throw new BadEvidence('no known key of the log signed it')
    if (part === 'witnessed checkpoint' && !verified.some(({ key }) => key.type === 'cosignature/v1'))
      throw new BadEvidence('the witness did not sign it')
    return { part, file, size, root, isSigned }
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    findings.add({ part, message: error.message, file, byte: 0 })
    return undefined
  }
}
