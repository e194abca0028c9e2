import { BadEvidence } from '../seal/bad-evidence.ts'
import type { Checkpoint } from '../seal/checkpoint.ts'
import { consistencyProof, type ReadTile, rootOf } from '../seal/proofs.ts'
import { verifyConsistency } from '../seal/verify-proof.ts'
import { Contradiction } from './anchor.ts'

type Tree = Pick<Checkpoint, 'size' | 'root'>

/** The log, as far as what others know of it is compared with it. */
export interface KnownLog {
  /** Gives the hashes of a tile of the published tree. */
  readTile: ReadTile
  /** Records of the journal, of which not all need be sealed. */
  journalEnd(): number
}

/**
 * The root that the tree of a checkpoint had when it had fewer leaves, proved by its tiles; undefined if they prove none, as damaged
 * ones do. Rejects if they cannot be read.
 */
export async function earlierRoot(now: Tree, size: number, read: ReadTile): Promise<Buffer | undefined> {
  if (size === now.size) return now.root
  try {
    const root = await rootOf(read, size)
    verifyConsistency({ size, root }, now, await consistencyProof(read, size, now.size))
    return root
  } catch (error) {
    if (error instanceof BadEvidence) return undefined
    throw error
  }
}

/**
 * Resolves if the checkpoint continues the one that is kept elsewhere. Rejects with a Contradiction if it certainly does
 * not, and with another error where that does not show yet.
 */
export async function checkContinues(
  now: Tree,
  kept: Tree,
  { readTile, journalEnd }: KnownLog
): Promise<void> {
  if (kept.size > now.size) {
    if (kept.size > journalEnd())
      throw rolledBack(`it has a checkpoint of ${kept.size} entries that this log signed`, journalEnd())
    throw new Error(`it has a checkpoint of ${kept.size} entries, and ${now.size} are sealed yet`)
  }
  const root = await earlierRoot(now, kept.size, readTile)
  if (root === undefined)
    throw new Error(`the tiles of the log are damaged: they do not prove what it was at ${kept.size} entries`)
  if (!root.equals(kept.root)) throw otherHistory(kept)
}

export function rolledBack(known: string, journalEnd: number): Contradiction {
  return new Contradiction(
    `${known}, and the journal has ${journalEnd} records: ` +
      'an older copy of the data folder was put in its place, or the end of the journal was cut off'
  )
}

export function otherHistory({ size, root }: Tree): Contradiction {
  return new Contradiction(
    `it has a checkpoint of ${size} entries with the root ${root.toString('base64')} that this log signed, and the log here had another root then: ` +
      'a record was changed, removed or put in between, and the log signed anew, or two copies of the data folder are in use'
  )
}
