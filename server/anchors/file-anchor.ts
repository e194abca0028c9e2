import { readFileWithin } from '../read-file.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { openCheckpoint, type SignedCheckpoint } from '../seal/checkpoint.ts'
import { formatNote, NOTE_BYTES_MAX } from '../seal/note.ts'
import type { VerifierKey } from '../seal/vkey.ts'
import type { Anchor } from './anchor.ts'
import { checkContinues, type KnownLog } from './continuation.ts'
import { replaceFileElsewhere } from './replace-file.ts'

/** A checkpoint is no secret, and others are to read it. */
const MODE = 0o644

export interface FileAnchor extends Anchor {
  /**
   * What the file holds, signed by the log; undefined if there is no file, or an empty one. Throws BadEvidence if it holds
   * something else.
   */
  kept(): Promise<SignedCheckpoint | undefined>
}

export interface FileAnchorOptions {
  path: string
  origin: string
  /** The log's public keys. */
  keys: readonly VerifierKey[]
  log: KnownLog
}

/** A file elsewhere that always holds the newest checkpoint: `playtrail verify --since` takes it as it is. */
export function fileAnchor({ path, origin, keys, log }: FileAnchorOptions): FileAnchor {
  const read = async (): Promise<Buffer | undefined> => await readFileWithin(path, NOTE_BYTES_MAX)

  return {
    kind: 'file',
    target: path,
    async kept() {
      const bytes = await read()
      return bytes === undefined ? undefined : open(bytes, { path, origin, keys })
    },
    async keep(checkpoint, keptSize) {
      const bytes = await read()
      // The disk that it lies on may not be mounted. A new file would hide that, and that somebody removed it.
      if (bytes === undefined && keptSize !== undefined)
        throw new Error(
          `${path} is gone, which had a checkpoint of ${keptSize} entries. Bring it back; if it is gone for good, make an empty file in its place`
        )
      const kept = bytes && open(bytes, { path, origin, keys })
      // So a smaller one never takes the place of a larger one.
      if (kept !== undefined) await checkContinues(checkpoint, kept, log)
      const content = formatNote(checkpoint.note)
      if (bytes?.toString('utf8') !== content) await replaceFileElsewhere(path, content, MODE)
      return undefined
    }
  }
}

function open(
  bytes: Buffer,
  { path, origin, keys }: Pick<FileAnchorOptions, 'path' | 'origin' | 'keys'>
): SignedCheckpoint | undefined {
  if (bytes.length === 0) return undefined
  try {
    const checkpoint = openCheckpoint(bytes, keys)
    if (checkpoint.origin === origin) return checkpoint
    throw new BadEvidence(`it is of the log ${checkpoint.origin}, and this log is ${origin}`)
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new BadEvidence(`${path} holds no checkpoint of this log: ${error.message}`, { cause: error })
  }
}
