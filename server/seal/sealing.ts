import { dirname, join } from 'node:path'
import { Fatal } from '../errors.ts'
import { type JournalBatch, recordsOf } from '../journal/record.ts'
import { limits } from '../limits.ts'
import { type AnchoredRoot, passRoots } from './anchored-roots.ts'
import { formatCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { type LogDisk, writeFileDurably } from './disk.ts'
import { type GrowingLog, growLog } from './growing-log.ts'
import { type LogKeys, readKeys, vkeysOf } from './keys.ts'
import { leafOf } from './leaf.ts'
import { formatNote, NOTE_SIGNATURES_MAX, type Note, type NoteSignature } from './note.ts'
import {
  type LogFolders,
  missingRecords,
  publish,
  readSigned,
  remadeTiles,
  rememberSigned,
  republish
} from './signed-record.ts'
import { type SigningKey, signText } from './signing-key.ts'
import { openStoredTree, type StoredTree } from './stored-tree.ts'
import type { VerifierKey } from './vkey.ts'

export const VKEY_FILE = 'log.vkey'
/** Within the log's folder: its tiles, and where they are made again. */
const TILES = 'tile'
const REMADE = 'remade'

/** Where the sealing is. `next` is the record that it wants to see. */
export interface Progress {
  readonly next: number
  /** Leaves of the last signed tree. */
  readonly size: number
  /** Records to be seen before it is certain that this is the journal that was sealed, and before anything is signed. */
  readonly toCheck: number
  /** The signed checkpoint as it is published; undefined while what was signed is not checked yet. */
  readonly checkpoint: string | undefined
  /** What was not there, or not whole, though it should have been, and was made again: sentences for the operator. */
  readonly remarks: readonly string[]
}

/**
 * Makes the log of a journal, and signs it. One record after the other is given to it, beginning with the one
 * that it asks for, which after a failure or a doubt may be one that it had already.
 */
export interface Sealing {
  readonly progress: Progress
  /** The records from `progress.next` on. Throws Fatal if they are not those that were signed. */
  append(batch: JournalBatch): Progress
  /** Signs and publishes what was appended: tiles durable, then the signed record, then the checkpoint. */
  seal(): Progress
  /**
   * Publishes the checkpoint with signatures of others added to it, such as a witness's; a newer one replaces
   * one by the same key. Changes nothing if the text is not the newest checkpoint's any more. Whether they hold is
   * for the caller to know.
   */
  addSignatures(added: Note): Progress
}

export interface SealingOptions {
  disk: LogDisk
  folders: LogFolders
  /** Records that the journal has. */
  journalEnd: number
  /** Roots that the tree has to pass, which the tiles on disk do not prove. */
  anchored?: readonly AnchoredRoot[]
}

/**
 * The tree on disk is compared with the journal, or made again up to what was signed, or grows. Only one that
 * grows is signed: it begins with the tree that was signed last.
 */
type Stage =
  | { kind: 'comparing'; stored: StoredTree }
  | { kind: 'remaking'; log: GrowingLog }
  | { kind: 'growing'; log: GrowingLog }

/**
 * Opens the log. Throws Fatal if the keys are missing, if what was signed does not hold, or if the journal is
 * shorter. The newest signed leaves are compared with the journal's records; where log/ is not whole, or does
 * not say what the journal says, it is made again from the journal's beginning and compared with what was signed.
 */
export function openSealing({ disk, folders, journalEnd, anchored = [] }: SealingOptions): Sealing {
  const { origin, keys } = keysIn(disk, folders)
  const verifiers = keys.map(({ verifier }) => verifier)
  let signed = readSigned(disk, folders, verifiers)
  if (signed !== undefined) checkSigned(signed, origin, journalEnd)
  const remarks = missingRecords(disk, folders, journalEnd)
  writeVkeys(disk, folders.log, keys)
  // An attempt that failed before may have made the folder, and not its name durable.
  disk.syncDirectory(dirname(folders.log))
  const roots = passRoots(anchored)
  let stage = firstStage(disk, folders.log, signed, anchored)
  // An anchor's root is looked for in a tree that is made again, also where nothing is wrong with the tiles.
  if (stage.kind === 'remaking' && !hasTree(disk, folders.log, signed)) remarks.push(remadeTiles(folders))
  if (stage.kind === 'growing' && signed !== undefined) republish(disk, folders, signed)

  const next = (): number => (stage.kind === 'comparing' ? stage.stored.next : stage.log.tree.size)
  const progress = (): Progress => ({
    next: next(),
    size: signed?.size ?? 0,
    toCheck: Math.max(signed?.size ?? 0, roots.ahead),
    checkpoint: stage.kind === 'growing' && signed !== undefined ? formatNote(signed.note) : undefined,
    remarks
  })

  const take = (entry: Buffer): void => {
    if (stage.kind === 'comparing') {
      // What is on disk is not what the journal says: which of them is wrong shows when the tree is made again.
      if (!stage.stored.isNext(entry)) {
        stage = remaking(disk, folders.log)
        remarks.push(remadeTiles(folders))
      }
    } else {
      stage.log.append(entry)
      roots.pass(stage.log.tree)
    }
    if (stage.kind === 'growing' || signed === undefined || next() !== signed.size) return
    stage = settled(disk, folders.log, stage, signed)
    republish(disk, folders, signed)
  }

  return {
    get progress() {
      return progress()
    },
    append(batch) {
      for (const record of recordsOf(batch)) {
        if (record.index !== next()) break
        take(leafOf(record))
      }
      return progress()
    },
    seal() {
      if (stage.kind !== 'growing' || roots.ahead > 0) return progress()
      const { log } = stage
      if (signed?.size === log.tree.size && isSignedByAll(signed, verifiers)) return progress()
      log.flush()
      const tree = { origin, size: log.tree.size, root: log.tree.root() }
      const text = formatCheckpoint(tree)
      const note = { text, signatures: keys.map((key) => signText(key, text)) }
      rememberSigned(disk, folders, formatNote(note))
      publish(disk, folders, formatNote(note))
      signed = { ...tree, note }
      log.removePartials()
      return progress()
    },
    addSignatures({ text, signatures }) {
      if (stage.kind !== 'growing' || signed?.note.text !== text) return progress()
      const isReplaced = ({ name, keyId }: NoteSignature): boolean =>
        signatures.some((added) => added.name === name && added.keyId.equals(keyId))
      const kept = signed.note.signatures.filter((signature) => !isReplaced(signature))
      const note = { text, signatures: [...kept, ...signatures].slice(0, NOTE_SIGNATURES_MAX) }
      publish(disk, folders, formatNote(note))
      signed = { ...signed, note }
      return progress()
    }
  }
}

function keysIn(disk: LogDisk, { keys: directory }: LogFolders): LogKeys {
  const found = readKeys(disk, directory)
  if (found === undefined) throw new Fatal(`there is no key in ${directory}. Restore it from a copy.`)
  return found
}

function checkSigned(signed: SignedCheckpoint, origin: string, journalEnd: number): void {
  if (signed.origin !== origin) {
    throw new Fatal(
      `keys/origin says that the log is ${origin}, but ${signed.origin} was signed. Restore keys/ from a copy.`
    )
  }
  if (journalEnd < signed.size) {
    throw new Fatal(
      `the journal has ${journalEnd} records, but ${signed.size} were signed: events are missing, or an older copy was put in its place. ` +
        'Nothing more is signed. Restore the folder journal/ from the newest copy.'
    )
  }
}

/** The public keys, for whoever gets the folder: one a line, all of them sign. */
function writeVkeys(disk: LogDisk, log: string, keys: readonly SigningKey[]): void {
  const text = vkeysOf({ keys })
  const path = join(log, VKEY_FILE)
  if (!disk.exists(path) || disk.read(path).toString('utf8') !== text)
    writeFileDurably(disk, log, VKEY_FILE, text)
}

/** A tree on disk as it was signed, as far as the newest tiles say. */
function hasTree(disk: LogDisk, log: string, signed: SignedCheckpoint | undefined): boolean {
  return signed !== undefined && openStoredTree(disk, log, signed, limits.startCheckLeavesMax) !== undefined
}

function firstStage(
  disk: LogDisk,
  log: string,
  signed: SignedCheckpoint | undefined,
  anchored: readonly AnchoredRoot[]
): Stage {
  if (signed === undefined || signed.size === 0) return { kind: 'growing', log: growLog(disk, log) }
  if (anchored.some(({ size }) => size <= signed.size)) return remaking(disk, log)
  const stored = openStoredTree(disk, log, signed, limits.startCheckLeavesMax)
  return stored === undefined ? remaking(disk, log) : { kind: 'comparing', stored }
}

/** The log is made again beside the one that is there, which may be the only evidence of what the journal once held. */
function remaking(disk: LogDisk, log: string): Stage {
  disk.removeDirectory(join(log, REMADE))
  return { kind: 'remaking', log: growLog(disk, join(log, REMADE)) }
}

/** The stage after the one that has come to the signed size. Throws Fatal if it is not the tree that was signed. */
function settled(
  disk: LogDisk,
  log: string,
  stage: Exclude<Stage, { kind: 'growing' }>,
  signed: SignedCheckpoint
): Stage {
  if (stage.kind === 'comparing') return { kind: 'growing', log: stage.stored.grow() }
  const root = stage.log.tree.root()
  if (!root.equals(signed.root)) {
    throw new Fatal(
      `the first ${signed.size} records of the journal give the root ${root.toString('base64')}, but ${signed.root.toString('base64')} was signed: ` +
        'the journal is not the one that was sealed. Nothing more is signed, and the tiles are left as they are: they are evidence. ' +
        'Restore the folder journal/ from a copy.'
    )
  }
  stage.log.flush()
  disk.removeDirectory(join(log, TILES))
  disk.rename(join(log, REMADE, TILES), join(log, TILES))
  disk.syncDirectory(log)
  disk.removeDirectory(join(log, REMADE))
  return { kind: 'growing', log: stage.log.movedTo(log) }
}

function isSignedByAll({ note }: SignedCheckpoint, keys: readonly VerifierKey[]): boolean {
  return keys.every(({ id }) => note.signatures.some(({ keyId }) => keyId.equals(id)))
}
