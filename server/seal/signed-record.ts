import { join } from 'node:path'
import { Fatal } from '../errors.ts'
import { BadEvidence } from './bad-evidence.ts'
import { openCheckpoint, parseSignedCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { type LogDisk, writeFileDurably } from './disk.ts'
import { formatNote } from './note.ts'
import type { VerifierKey } from './vkey.ts'

// What was signed last stands in two files, each a whole signed checkpoint:
//
//   keys/last-signed   written first, so that no tree is ever signed that does not follow from it
//   log/checkpoint     written then: what the world sees
//
// The first lies with the keys, since whoever has a key without it could sign another history by mistake.

export const LAST_SIGNED = 'last-signed'
export const CHECKPOINT = 'checkpoint'

export interface LogFolders {
  /** Checkpoint, tiles and entries. */
  readonly log: string
  /** Keys, and what they signed last. */
  readonly keys: string
}

/** Number of leaves that were signed, so that the journal has to have as many records; 0 if nothing was. */
export function signedSize(disk: LogDisk, folders: LogFolders): number {
  return Math.max(...pathsOf(folders).map((path) => read(disk, path, parseSignedCheckpoint)?.size ?? 0))
}

/**
 * What was signed last. Throws Fatal if a signature does not hold, or if two trees of one size were signed.
 * Undefined if nothing was signed yet.
 */
export function readSigned(
  disk: LogDisk,
  folders: LogFolders,
  keys: readonly VerifierKey[]
): SignedCheckpoint | undefined {
  const open = (bytes: Buffer): SignedCheckpoint => openCheckpoint(bytes, keys)
  const [first, second] = pathsOf(folders).map((path) => read(disk, path, open))
  if (first === undefined || second === undefined) return first ?? second
  if (first.size === second.size && !first.root.equals(second.root)) {
    throw new Fatal(
      `${pathsOf(folders).join(' and ')} were signed for ${first.size} leaves with different roots: there are two histories. ` +
        'Nothing more is signed. Find out which copy of the data folder is the true one, and restore it.'
    )
  }
  // An older copy of keys/ may have been restored: what was published was signed all the same. Of one tree, what
  // is published may have signatures of witnesses too.
  return second.size >= first.size ? second : first
}

/** Whether anything was ever signed here, by whatever key. */
export function hasSigned(disk: LogDisk, folders: LogFolders): boolean {
  return pathsOf(folders).some((path) => disk.exists(path))
}

/**
 * Which of the two is not there. That is told, since what is written anew afterwards hides it: whoever removed a file may have wanted
 * that. A first start that was killed within its first second looks the same.
 */
export function missingRecords(disk: LogDisk, folders: LogFolders, journalEnd: number): string[] {
  const missing = pathsOf(folders).filter((path) => !disk.exists(path))
  if (missing.length < 2)
    return missing.map((path) => `${path} was missing, and was written again from the other record of it`)
  if (journalEnd === 0) return []
  return [
    `${missing.join(' and ')} were missing, though the journal has ${journalEnd} records: nothing here says what was signed before`
  ]
}

/** The tiles in log/ did not say what the journal says, and what was signed did. */
export function remadeTiles({ log }: LogFolders): string {
  return `the tiles in ${log} were missing, or not those of the journal: they were made again from it, as they were signed`
}

/** Remembers what was signed, durably. Only then may it be published. */
export function rememberSigned(disk: LogDisk, { keys }: LogFolders, note: string): void {
  writeFileDurably(disk, keys, LAST_SIGNED, note)
}

export function publish(disk: LogDisk, { log }: LogFolders, note: string): void {
  writeFileDurably(disk, log, CHECKPOINT, note)
}

/**
 * What was signed last, again in both places: a process that was killed may have left it in the kernel's memory
 * alone, or not have come to the second. Where it is published it stays, with what witnesses added to it.
 */
export function republish(disk: LogDisk, folders: LogFolders, { note, size }: SignedCheckpoint): void {
  rememberSigned(disk, folders, formatNote(note))
  const path = join(folders.log, CHECKPOINT)
  const isPublished = disk.exists(path) && read(disk, path, parseSignedCheckpoint)?.size === size
  // Its content was durable before it had this name, which perhaps is not durable yet.
  if (isPublished) disk.syncDirectory(folders.log)
  else publish(disk, folders, formatNote(note))
}

function pathsOf({ log, keys }: LogFolders): string[] {
  return [join(keys, LAST_SIGNED), join(log, CHECKPOINT)]
}

function read<Checkpoint>(
  disk: LogDisk,
  path: string,
  open: (bytes: Buffer) => Checkpoint
): Checkpoint | undefined {
  if (!disk.exists(path)) return undefined
  try {
    return open(disk.read(path))
  } catch (error) {
    if (!(error instanceof BadEvidence)) throw error
    throw new Fatal(
      `${path} is not what this log signed: ${error.message}. Nothing more is signed. ` +
        'Restore keys/ from the newest copy of the data folder. If it is the folder log/ that is damaged, move it away: ' +
        'it is made again from the journal, and compared with what was signed.',
      { cause: error }
    )
  }
}
