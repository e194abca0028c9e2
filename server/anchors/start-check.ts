import type { Logger } from 'pino'
import { Fatal } from '../errors.ts'
import { limits } from '../limits.ts'
import type { AnchoredRoot } from '../seal/anchored-roots.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import type { SignedCheckpoint } from '../seal/checkpoint.ts'
import { type Anchor, Contradiction } from './anchor.ts'
import { textOf } from './anchor-status.ts'
import { earlierRoot, type KnownLog, otherHistory, rolledBack } from './continuation.ts'
import type { FileAnchor } from './file-anchor.ts'
import { nameOf } from './names.ts'
import { within } from './within.ts'

export interface StartCheck {
  files: readonly FileAnchor[]
  witnesses: readonly Anchor[]
  /** What was signed last in this data folder; undefined if nothing was. */
  signed: SignedCheckpoint | undefined
  log: KnownLog
  /** Why the anchor did not agree with the log when it was asked last; undefined if it did, or is not known to. */
  contradictionOf(anchor: Anchor): string | undefined
  /** Told why it does not; the start ends when this is done. */
  onContradiction(anchor: Anchor, reason: string): Promise<void>
  logger: Pick<Logger, 'warn'>
}

/**
 * Asks the anchors, before anything is signed, whether the log in this data folder is the one that they know. Throws Fatal if one of
 * them holds a checkpoint of a longer history, or of another. An anchor that cannot be asked keeps nothing from being
 * recorded: it fails, which /readyz tells, and is asked again; unless it did not agree before, and does not say that it does now:
 * meanwhile the journal may have become as long as what the anchor knows, and be signed in its place. Returns what only the journal can tell.
 */
export async function checkAnchors(check: StartCheck): Promise<AnchoredRoot[]> {
  const { files, witnesses } = check
  const found = await Promise.all(files.map((file) => checkFile(file, check)))
  await Promise.all(witnesses.map((witness) => checkWitness(witness, check)))
  return found.filter((root) => root !== undefined)
}

/** The root that the tree has to pass, where the tiles do not show that it did. */
async function checkFile(file: FileAnchor, check: StartCheck): Promise<AnchoredRoot | undefined> {
  const { signed, log } = check
  const kept = await asked(file, check, () => file.kept())
  if (kept === undefined || kept.size === 0) return undefined
  const { size, root } = kept
  if (size > log.journalEnd())
    throw await refused(
      file,
      check,
      rolledBack(`it has a checkpoint of ${size} entries that this log signed`, log.journalEnd())
    )
  const then = await rootThen(kept, signed, log)
  if (then === undefined) return { size, root: root.toString('base64'), place: file.target }
  if (!then.equals(root)) throw await refused(file, check, otherHistory(kept))
  return undefined
}

/** Undefined where the tiles do not tell: there are none, or they are damaged. Then they are made again, of the journal. */
async function rootThen(
  kept: SignedCheckpoint,
  signed: SignedCheckpoint | undefined,
  { readTile }: KnownLog
): Promise<Buffer | undefined> {
  if (signed === undefined || kept.size > signed.size) return undefined
  try {
    return await earlierRoot(signed, kept.size, readTile)
  } catch {
    // Whatever is wrong with the files: making them again shows which history it is.
    return undefined
  }
}

async function checkWitness(witness: Anchor, check: StartCheck): Promise<void> {
  const { signed } = check
  if (signed !== undefined) await asked(witness, check, (signal) => witness.keep(signed, undefined, signal))
}

async function asked<Answer>(
  anchor: Anchor,
  check: StartCheck,
  ask: (signal: AbortSignal) => Promise<Answer>
): Promise<Answer | undefined> {
  try {
    return await within(limits.anchorStartMsMax, new AbortController().signal, ask)
  } catch (error) {
    if (error instanceof Contradiction) throw await refused(anchor, check, error)
    if (error instanceof BadEvidence) throw unusable(error)
    const before = check.contradictionOf(anchor)
    if (before !== undefined)
      throw refusal(anchor, new Contradiction(`${before}; that was before, and now ${textOf(error)}`))
    check.logger.warn(
      { anchor: nameOf(anchor) },
      `the ${anchor.kind} ${anchor.target} could not be asked what it knows of the log; it is asked again while the service runs: ${textOf(error)}`
    )
    return undefined
  }
}

/** The refusal, remembered for later starts, which may not reach the anchor. */
async function refused(anchor: Anchor, check: StartCheck, contradiction: Contradiction): Promise<Fatal> {
  await check.onContradiction(anchor, contradiction.message)
  return refusal(anchor, contradiction)
}

function refusal({ kind, target }: Anchor, { message }: Contradiction): Fatal {
  return new Fatal(
    `the ${kind} ${target} does not agree with this data folder: ${message}. ` +
      'Nothing is signed, and nothing is received. Restore the newest copy of the data folder, which continues that checkpoint, and bring over what this folder received meanwhile (docs/evidence.md, "What to do"). ' +
      'If there is none any more, evidence is lost: keep this folder and the anchor as they are, and begin anew in another data folder with another anchor. ' +
      'If it is the anchor that is wrong, and it is known why, take it out of the settings (docs/evidence.md).'
  )
}

function unusable(error: BadEvidence): Fatal {
  return new Fatal(
    `${error.message}. An anchor is written whole, so this is no broken write: somebody changed it, or it is another log's. ` +
      'Restore it from a copy. If that is another log’s file, name another one with --anchor-file. If it is known why it is damaged, keep it elsewhere, and make an empty file in its place.',
    { cause: error }
  )
}
