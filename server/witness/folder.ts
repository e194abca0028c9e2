import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { syncWithParents } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { type LogDisk, writeFileDurably } from '../seal/disk.ts'
import { newKeyPem, readKey } from '../seal/keys.ts'
import type { SigningKey } from '../seal/signing-key.ts'

// The folder of a witness:
//
//   witness.json               format, name, and the logs of which it ever cosigned something
//   witness.pem                its key, an Ed25519 key, PKCS #8
//   checkpoints/<SHA-256 of the log's name, hexadecimal>
//                              the newest checkpoint that it cosigned, with its signatures
//   lock.sqlite                keeps a second witness off

export const WITNESS_FORMAT = 1
const IDENTITY = 'witness.json'
const KEY = 'witness.pem'
const CHECKPOINTS = 'checkpoints'

/** What a witness is told of itself. */
export interface Identity {
  readonly name: string
  /** Names of the logs of which it ever cosigned a checkpoint: of each of them there has to be one in the folder. */
  readonly cosigned: readonly string[]
}

export interface WitnessFolder {
  readonly path: string
  readonly checkpoints: string
  readonly key: SigningKey
  readonly identity: Identity
  /** This start made the key. */
  readonly isNew: boolean
  /** Remembers durably that something of these logs was cosigned. */
  writeCosigned(cosigned: readonly string[]): void
  /** Lets another process have the folder. */
  close(): void
}

/**
 * Opens the folder of a witness, and makes it, with a key, at the first start. Throws Fatal, with what to do, if it is damaged or in use, or
 * if the witness has another name than `name`, which is empty if the operator gave none.
 */
export function openWitnessFolder(disk: LogDisk, dataDir: string, name: string): WitnessFolder {
  const path = resolve(dataDir)
  if (disk.exists(join(path, 'playtrail.json'))) {
    throw new Fatal(
      `${path} is the data folder of the service itself. A witness proves something only where the service cannot write: give it a folder of its own with --data-dir, on another host.`
    )
  }
  makeFolder(disk, path)
  const unlock = lockFolder(join(path, 'lock.sqlite'), path)
  try {
    const { identity, isNew } = readOrMake(disk, path, name)
    syncWithParents(path, disk)
    const key = readKey(disk, join(path, KEY), identity.name, 'cosignature/v1')
    return {
      path,
      checkpoints: join(path, CHECKPOINTS),
      key,
      identity,
      isNew,
      writeCosigned: (cosigned) => writeIdentity(disk, path, { ...identity, cosigned }),
      close: unlock
    }
  } catch (error) {
    unlock()
    throw error
  }
}

function makeFolder(disk: LogDisk, path: string): void {
  try {
    disk.makeDirectory(join(path, CHECKPOINTS))
  } catch (error) {
    throw new Fatal(
      `the folder ${path} cannot be made: ${String(error)}. Choose another with --data-dir, or give this user the right to write there.`,
      { cause: error }
    )
  }
}

/** Nothing is believed in part: either the folder is new, or all of it is there. */
function readOrMake(disk: LogDisk, path: string, name: string): { identity: Identity; isNew: boolean } {
  const identityPath = join(path, IDENTITY)
  const keyPath = join(path, KEY)
  const identity = disk.exists(identityPath) ? readIdentity(disk, identityPath) : undefined
  const hasKey = disk.exists(keyPath)
  const hasCosigned = disk.names(join(path, CHECKPOINTS)).some((file) => !file.endsWith('.new'))
  if (identity !== undefined && hasKey) {
    if (name === '' || name === identity.name) return { identity, isNew: false }
    throw new Fatal(
      `the witness is named ${identity.name} since its first start, and keeps its name: whoever knows its key knows it by that. ` +
        `Set --name to it, or leave it away; got "${name}".`
    )
  }
  if (hasKey || hasCosigned || (identity !== undefined && identity.cosigned.length > 0)) {
    const missing = hasKey ? identityPath : keyPath
    throw new Fatal(`${missing} is missing, and this witness was started before. ${whatToDo(path)}`)
  }
  const chosen = name === '' ? `${hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-')}/playtrail/witness` : name
  const made = { name: chosen, cosigned: [] }
  writeIdentity(disk, path, made)
  writeFileDurably(disk, path, KEY, newKeyPem())
  return { identity: made, isNew: true }
}

/** Also the advice where the memory of a log is damaged. */
export function whatToDo(path: string): string {
  return (
    'Without it the witness could cosign a history that contradicts what it cosigned before, so it does not start. ' +
    `If the file can be restored as it was last, restore it. An older copy is none. If not, this witness has come to its end: move ${path} away, ` +
    'start again, which makes a new key, and give that to the logs and to their auditors.'
  )
}

function writeIdentity(disk: LogDisk, path: string, { name, cosigned }: Identity): void {
  writeFileDurably(disk, path, IDENTITY, `${JSON.stringify({ format: WITNESS_FORMAT, name, cosigned })}\n`)
}

function readIdentity(disk: LogDisk, path: string): Identity {
  let read: { format?: unknown; name?: unknown; cosigned?: unknown }
  // A disk that does not give the file now may do so later: that is no word about what is in it.
  const bytes = disk.read(path)
  try {
    read = JSON.parse(bytes.toString())
  } catch (error) {
    throw new Fatal(`${path} cannot be read: ${String(error)}. ${whatToDo(join(path, '..'))}`, {
      cause: error
    })
  }
  const { format, name, cosigned } = read
  if (typeof format === 'number' && format > WITNESS_FORMAT) {
    throw new Fatal(
      `${path}: the folder has format ${format}, this Playtrail knows ${WITNESS_FORMAT}: a newer one wrote it. Start that one.`
    )
  }
  const isList = Array.isArray(cosigned) && cosigned.every((each) => typeof each === 'string')
  if (format !== WITNESS_FORMAT || typeof name !== 'string' || !isList) {
    throw new Fatal(
      `${path}: expected {"format": ${WITNESS_FORMAT}, "name": "<name>", "cosigned": [<names of logs>]}. ${whatToDo(join(path, '..'))}`
    )
  }
  return { name, cosigned }
}

/** Two witnesses with one key would not know of each other what they cosigned. The kernel drops the lock with the process. */
function lockFolder(file: string, path: string): () => void {
  let db: Database.Database | undefined
  try {
    db = new Database(file, { timeout: 0 })
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    const code = error instanceof Database.SqliteError ? error.code : ''
    if (code.startsWith('SQLITE_BUSY'))
      throw new Fatal(`another witness works on ${path}. Stop it, or choose another folder with --data-dir.`)
    throw new Fatal(
      `${file} cannot be locked: ${String(error)}. Nothing is in it: remove it, if this user can write in ${path}.`,
      { cause: error }
    )
  }
  const locked = db
  return () => void locked.close()
}
