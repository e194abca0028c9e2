import { join } from 'node:path'
import type { Remembered } from '../anchors/remembered.ts'
import type { DataFolder } from '../data-folder.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { openRegular, readFileWithin } from '../read-file.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'
import { openCheckpoint, type SignedCheckpoint } from '../seal/checkpoint.ts'
import { HASH_BYTES } from '../seal/hashes.ts'
import { NOTE_BYTES_MAX, type Verified } from '../seal/note.ts'
import { CHECKPOINT, LAST_SIGNED } from '../seal/signed-record.ts'
import { openTree, type Tree } from '../seal/tree.ts'
import { formatVkey, type VerifierKey } from '../seal/vkey.ts'
import { compareJournal, type JournalComparison } from './compare-journal.ts'
import type { Findings } from './findings.ts'
import type { LogSource } from './log-source.ts'
import { type CheckpointFile, readExpected, readOldCheckpoints, readWitnessed } from './old-checkpoints.ts'
import { readAnchors } from './read-anchors.ts'
import { keysFor } from './read-keys.ts'
import { compareRoots, type ExpectedRoot, type Roots } from './roots.ts'
import { compareStrays } from './stray-tiles.ts'
import { verifyTree } from './verify-tree.ts'

export interface LogToVerify {
  source: LogSource
  /** The data folder that the log is of: then the journal and what was signed last are compared, too. */
  folder?: DataFolder | undefined
  /** The folder of the log, where it is one. */
  logFolder?: string | undefined
  keys: readonly VerifierKey[]
  /** Files with checkpoints that were kept elsewhere. */
  since: readonly string[]
  onProgress(done: number, total: number): void
}

/** What was checked. What was found, and what could not be checked, is in the findings. */
export interface Verification {
  log?: { origin: string; size: number; root: string }
  /** The keys whose signatures hold. */
  signed_by: string[]
  /** The log's key came with the log. */
  key_came_with_the_log: boolean
  entries: number
  bundles: number
  tiles: number
  records: number
  segments: number
  /** Records behind the sealed ones. */
  unsealed: number
  /** Old checkpoints, and what was signed last, that the log continues. */
  old_checkpoints: number
  last_signed: boolean
  /** As many leaves are vouched for by somebody outside: an old checkpoint that was given, or a witness. */
  anchored: number
  /** What the service noted of its anchors: its own account, which proves nothing. */
  anchors: Remembered[]
  /** Remarks that are neither bad nor in the way of a proof. */
  notes: string[]
}

/** Checks a log against its signatures, its journal and old checkpoints. Throws Uncheckable where that cannot be done. */
export async function verifyLog(log: LogToVerify, findings: Findings): Promise<Verification> {
  const verification = nothingVerified()
  if (log.folder !== undefined)
    verification.anchors = await readAnchors(log.folder.anchors, findings, verification.notes)
  const opened = await openSigned(log, findings, verification)
  if (opened === undefined) return verification
  const { checkpoint, expected } = opened
  const { size } = checkpoint
  const signedEnd = Math.max(size, ...expected.filter(isLastSigned).map((last) => last.size))
  const journal =
    log.folder && compareJournal(log.folder, signedEnd, { source: log.source, signed: checkpoint }, findings)

  const tree = openTree()
  const roots = compareRoots(expected, (root, got, isSame) => {
    // Where it is the published tree, what does not fit is named by its file.
    const isPublished = root.size === size && root.root.equals(checkpoint.root)
    if (isSame || !isPublished) compared(root, got, isSame, findings, verification)
  })
  roots.look(tree)
  const { counts, isWhole } = await verifyTree(
    log.source,
    checkpoint,
    findings,
    async (portion, append) => {
      const width = portion.hashes.length / HASH_BYTES
      while (roots.next <= portion.first + width) {
        append(roots.next - portion.first)
        roots.look(tree)
      }
      await journal?.compare(portion, width)
      log.onProgress(portion.first + width, size)
    },
    tree
  )
  if (log.logFolder !== undefined) await compareStrays(log.logFolder, size, findings, verification.notes)
  Object.assign(verification, counts)
  if (journal !== undefined) await finishJournal(journal, { tree, roots, isWhole, size }, verification)
  if (isWhole) notReached(expected.filter(isLastSigned), tree.size, findings)
  if (isWhole) checkCounts(log, size, findings, verification)
  if (size === 0)
    findings.unchecked.push('the log is empty: nothing was recorded, so there is nothing to prove')
  return verification
}

async function openSigned(
  { source, folder, keys: given, since }: LogToVerify,
  findings: Findings,
  verification: Verification
): Promise<{ checkpoint: SignedCheckpoint; expected: ExpectedRoot[] } | undefined> {
  const last = folder && (await readLastSigned(folder, findings, verification))
  const witnessed = await readWitnessed(source, given)
  const bytes = await source.read(CHECKPOINT, NOTE_BYTES_MAX)
  const file = source.placeOf(CHECKPOINT)
  if (bytes === undefined) throw new Uncheckable(`there is no log: ${file} is missing.`)
  const known = await keysFor(source, given, findings)
  if (known === undefined) return undefined
  verification.key_came_with_the_log = known.isFromLog
  let checkpoint: SignedCheckpoint & { verified: Verified[] }
  try {
    checkpoint = openCheckpoint(bytes, known.keys)
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    findings.add({ part: 'checkpoint', message: error.message, file, byte: 0 })
    return undefined
  }
  const { origin, size, root, verified } = checkpoint
  verification.log = { origin, size, root: root.toString('base64') }
  verification.signed_by = verified.map(({ key }) => formatVkey(key))
  // A witness vouches only where the auditor knows its key from elsewhere.
  if (verified.some(({ key }) => key.type === 'cosignature/v1')) verification.anchored = size
  const read = (part: ExpectedRoot['part']) => (file: CheckpointFile) =>
    readExpected({ part, ...file }, origin, known.keys, findings) ?? []
  const old = await readOldCheckpoints(since, checkpoint, known.keys, findings)
  // What somebody was shown once is in the log for good.
  const shown = [...old, ...witnessed.flatMap(read('witnessed checkpoint'))]
  const remembered = (last === undefined ? [] : [last]).flatMap(read('last-signed'))
  return { checkpoint, expected: [...notReached(shown, size, findings), ...remembered] }
}

async function readLastSigned(
  { keys }: DataFolder,
  findings: Findings,
  { notes }: Verification
): Promise<CheckpointFile | undefined> {
  const file = join(keys, LAST_SIGNED)
  const bytes = await readFileWithin(file, NOTE_BYTES_MAX)
  if (bytes !== undefined) return { file, bytes }
  const origin = await openRegular(join(keys, 'origin'))
  await origin?.file.close()
  if (origin === undefined) notes.push(`${keys} is not in this copy: what was signed last was not compared.`)
  else findings.add({ part: 'last-signed', message: 'the file is missing, and the keys are there', file })
  return undefined
}

function isLastSigned({ part }: ExpectedRoot): boolean {
  return part === 'last-signed'
}

function compared(
  { part, file, size, root, isSigned }: ExpectedRoot,
  got: Buffer,
  isSame: boolean,
  findings: Findings,
  verification: Verification
): void {
  if (!isSame) {
    const message =
      `the log is not the continuation of this checkpoint: its first ${size} entries give the root ${got.toString('base64')}, ` +
      `and ${root.toString('base64')} was signed. One of these entries was changed, removed or put in between`
    findings.add({ part, message, file })
  } else if (!isSigned) {
    findings.unchecked.push(
      `${file} is not signed by a known key, though the log continues it: give the key that signed it with --vkey`
    )
  } else if (part === 'last-signed') {
    verification.last_signed = true
  } else {
    if (part === 'old checkpoint') verification.old_checkpoints += 1
    verification.anchored = Math.max(verification.anchored, size)
  }
}

/** What was signed last may be ahead of what is published: of these leaves the journal tells. */
async function finishJournal(
  journal: JournalComparison,
  { tree, roots, isWhole, size }: { tree: Tree; roots: Roots; isWhole: boolean; size: number },
  verification: Verification
): Promise<void> {
  while (isWhole && journal.compared === size && Number.isFinite(roots.next)) {
    const hashes = await journal.onward(Math.min(1_000, roots.next - tree.size))
    if (hashes.length === 0) break
    for (const hash of hashes) tree.append(hash, () => undefined)
    roots.look(tree)
  }
  await journal.finish()
  verification.records = journal.compared
  verification.segments = journal.segments
  verification.unsealed = Math.max(0, journal.records - size)
  if (journal.tailBytes > 0)
    verification.notes.push(
      `${journal.tailBytes} bytes behind the journal's last record are no record: a write that was under way, or a torn tail.`
    )
}

/** Nothing that was bad is no proof: all that was to be checked has to have been. */
function checkCounts(
  { folder, since }: LogToVerify,
  size: number,
  findings: Findings,
  { entries, records, old_checkpoints: old, signed_by: signers }: Verification
): void {
  if (findings.count > 0 || findings.unchecked.length > 0) return
  const isAll = entries === size && old === since.length && signers.length > 0
  if (!isAll || (folder !== undefined && records !== size))
    findings.unchecked.push(
      `${entries} entries, ${records} records and ${old} old checkpoints were checked, which is not all of them`
    )
}

/** What was signed for more leaves than there are now. */
function notReached(expected: readonly ExpectedRoot[], size: number, findings: Findings): ExpectedRoot[] {
  for (const { part, file, size: signed } of expected.filter((root) => root.size > size)) {
    const message = `the log has ${size} entries, and ${signed} were signed: an older copy was put in its place, or its end was cut off`
    findings.add({ part, message, file, leaf: size })
  }
  return expected.filter((root) => root.size <= size)
}

function nothingVerified(): Verification {
  return {
    signed_by: [],
    key_came_with_the_log: false,
    entries: 0,
    bundles: 0,
    tiles: 0,
    records: 0,
    segments: 0,
    unsealed: 0,
    old_checkpoints: 0,
    last_signed: false,
    anchored: 0,
    anchors: [],
    notes: []
  }
}
