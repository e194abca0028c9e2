import { randomUUID } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { Fatal } from './errors.ts'
import { type FileSystem, realDisk } from './file-system.ts'
import { denialAt, denialOf } from './permissions.ts'

/** Version of the data folder's layout. A higher one was written by a newer Playtrail. */
export const DATA_FORMAT = 1

/** Where everything lies; docs/architecture.md says what losing each part costs. */
export interface DataFolder {
  readonly path: string
  /** Identity of the journal in this folder, a UUID. */
  readonly log: string
  readonly journal: string
  /** The transparency log: checkpoint, tiles, entries and public key. */
  readonly logFolder: string
  /** The log's private key, and what it signed last. */
  readonly keys: string
  readonly ids: string
  readonly index: string
  readonly quarantine: string
  readonly deadLetters: string
  readonly tokens: string
  /** What the anchors of the log kept last, by the service's own account. */
  readonly anchors: string
  /** What the service has told of itself, and of tokens. */
  readonly life: string
  /** Space to give up when the disk is full. */
  readonly reserve: string
}

/**
 * Opens the data folder, making it if `create` is set. Throws Fatal with what to do if it cannot serve. One that is only
 * read, as by an auditor, need not be writable.
 */
export function openDataFolder(
  dataDir: string,
  { create = false, isOnlyRead = false, disk = realDisk } = {}
): DataFolder {
  const path = resolve(dataDir)
  const identity = join(path, 'playtrail.json')
  if (create) {
    if (!disk.exists(identity)) checkForeign(path, disk)
    makeDataFolder(path, identity, disk)
  } else if (!disk.exists(identity))
    throw new Fatal(
      denialAt(identity) ??
        `${path} is not a data folder of Playtrail: there is no playtrail.json. Name it with --data-dir.`
    )
  if (!isOnlyRead) checkAccess(path, disk)
  return {
    path,
    log: readIdentity(identity, disk),
    journal: join(path, 'journal'),
    logFolder: join(path, 'log'),
    keys: join(path, 'keys'),
    ids: join(path, 'ids.sqlite'),
    index: join(path, 'index.sqlite'),
    quarantine: join(path, 'quarantine'),
    deadLetters: join(path, 'dead-letters.sqlite'),
    tokens: join(path, 'tokens.json'),
    anchors: join(path, 'anchors.json'),
    life: join(path, 'life.json'),
    reserve: join(path, 'reserve')
  }
}

/** Errors of a write that end when there is space again: a full disk, a quota, a limit on files. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Errors of syncing a folder that this process may not read, or that knows no syncing: then it did not make what is in it. */
const NOT_OURS = new Set(['EACCES', 'EPERM', 'EINVAL', 'EROFS'])

/** The code of an error that says there is no space, or undefined for any other error. */
export function diskFullCode(error: unknown): string | undefined {
  const code = codeOf(error)
  return FULL.has(code) ? code : undefined
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Replaces a file whole: its readers see the old content or the new, whatever happens in between. Mode 0600. */
export function replaceFile(path: string, content: string, disk: FileSystem = realDisk): void {
  const temporary = `${path}.new`
  disk.write(temporary, content)
  disk.rename(temporary, path)
  disk.syncDirectory(dirname(path))
}

/** A new data folder is made of nothing, or of what a start that was killed, or a copy, left of one: not in what is somebody else's. */
function checkForeign(path: string, disk: FileSystem): void {
  const names = disk.exists(path) ? namesIn(path, disk) : []
  if (names.includes('witness.json') || names.includes('witness.pem'))
    throw new Fatal(
      `${path} is the folder of a witness. A witness proves something only where the service cannot write: give the service a folder of its own with --data-dir, on another host.`
    )
  // A disk of its own has lost+found; hidden files are of whoever made the folder.
  const foreign = names.filter((name) => !name.startsWith('.') && name !== 'lost+found')
  if (foreign.length === 0 || foreign.some((name) => OURS.test(name))) return
  throw new Fatal(
    `${path} is not a data folder of Playtrail, and not empty: there is ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', …' : ''}, and no playtrail.json. Name a new or an empty folder with --data-dir.`
  )
}

const OURS =
  /^(playtrail\.json|journal|log|keys|quarantine|reserve|(ids|index|dead-letters)\.sqlite|(tokens|anchors|life)\.json)/

/** None where they cannot be read: making the folder fails next, and says why. */
function namesIn(path: string, disk: FileSystem): string[] {
  try {
    return disk.names(path)
  } catch {
    return []
  }
}

function makeDataFolder(path: string, identity: string, disk: FileSystem): void {
  try {
    if (!disk.exists(identity)) {
      disk.makeDirectory(join(path, 'journal'))
      disk.makeDirectory(join(path, 'quarantine'))
      replaceFile(identity, `${JSON.stringify({ format: DATA_FORMAT, log: randomUUID() })}\n`, disk)
    }
    // Also where the folder is there: whoever made it may have been killed before its name was durable.
    syncWithParents(path, disk)
  } catch (error) {
    throw new Fatal(
      denialAt(identity) ??
        `the data folder ${path} cannot be made: ${reason(error)}. Choose another with --data-dir, or give this user the right to write there.`,
      { cause: error }
    )
  }
}

/** Makes the names in the folder durable, its own, and those of the folders that it lies in. */
export function syncWithParents(path: string, disk: Pick<FileSystem, 'syncDirectory'>): void {
  disk.syncDirectory(path)
  for (let below = path; dirname(below) !== below; below = dirname(below)) {
    try {
      disk.syncDirectory(dirname(below))
    } catch (error) {
      if (!NOT_OURS.has(codeOf(error))) throw error
    }
  }
}

function checkAccess(path: string, disk: FileSystem): void {
  try {
    disk.checkAccess(path)
  } catch (error) {
    throw new Fatal(
      `the data folder ${path} cannot be written: ${reason(error)}. Choose another with --data-dir, or give this user the right to write there.`,
      { cause: error }
    )
  }
}

function readIdentity(file: string, disk: FileSystem): string {
  let identity: { format?: unknown; log?: unknown }
  try {
    identity = JSON.parse(disk.read(file).toString())
  } catch (error) {
    throw new Fatal(
      denialOf(error) ??
        `${file} cannot be read: ${reason(error)}. Restore it from a copy of the data folder.`,
      { cause: error }
    )
  }
  const { format, log } = identity
  if (typeof format === 'number' && format > DATA_FORMAT) {
    throw new Fatal(
      `${file}: the data folder has format ${format}, this Playtrail knows ${DATA_FORMAT}: a newer one wrote it. Start that one.`
    )
  }
  if (format !== DATA_FORMAT || typeof log !== 'string' || !/^[0-9a-f-]{36}$/.test(log)) {
    throw new Fatal(
      `${file}: expected {"format": ${DATA_FORMAT}, "log": "<uuid>"}. Restore it from a copy of the data folder.`
    )
  }
  return log
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
