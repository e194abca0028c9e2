import { randomUUID } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Fatal } from './errors.ts'

/** Version of the data folder's layout. A higher one was written by a newer Playtrail. */
export const DATA_FORMAT = 1

/** Where everything lies; docs/architecture.md says what losing each part costs. */
export interface DataFolder {
  readonly path: string
  /** Identity of the journal in this folder, a UUID. */
  readonly log: string
  readonly journal: string
  readonly ids: string
  readonly index: string
  readonly quarantine: string
  readonly deadLetters: string
  readonly tokens: string
}

/** Opens the data folder, making it if `create` is set. Throws Fatal with what to do if it cannot serve. */
export function openDataFolder(dataDir: string, { create = false } = {}): DataFolder {
  const path = resolve(dataDir)
  const identity = join(path, 'playtrail.json')
  if (!existsSync(identity)) {
    if (!create)
      throw new Fatal(
        `${path} is not a data folder of Playtrail: there is no playtrail.json. Name it with --data-dir.`
      )
    makeDataFolder(path, identity)
  }
  checkAccess(path)
  return {
    path,
    log: readIdentity(identity),
    journal: join(path, 'journal'),
    ids: join(path, 'ids.sqlite'),
    index: join(path, 'index.sqlite'),
    quarantine: join(path, 'quarantine'),
    deadLetters: join(path, 'dead-letters.sqlite'),
    tokens: join(path, 'tokens.json')
  }
}

/** Makes a name in `directory` durable: a created or renamed file is on disk once its folder was synced. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Errors of a write that end when there is space again: a full disk, a quota, a limit on files. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The code of an error that says there is no space, or undefined for any other error. */
export function diskFullCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return FULL.has(code) ? code : undefined
}

/** Replaces a file whole: its readers see the old content or the new, whatever happens in between. Mode 0600. */
export function replaceFile(path: string, content: string): void {
  const temporary = `${path}.new`
  writeFileSync(temporary, content, { mode: 0o600, flush: true })
  renameSync(temporary, path)
  syncDirectory(dirname(path))
}

function makeDataFolder(path: string, identity: string): void {
  try {
    mkdirSync(join(path, 'journal'), { recursive: true, mode: 0o700 })
    mkdirSync(join(path, 'quarantine'), { recursive: true, mode: 0o700 })
    replaceFile(identity, `${JSON.stringify({ format: DATA_FORMAT, log: randomUUID() })}\n`)
  } catch (error) {
    throw new Fatal(
      `the data folder ${path} cannot be made: ${reason(error)}. Choose another with --data-dir, or give this user the right to write there.`,
      { cause: error }
    )
  }
}

function checkAccess(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Fatal(
      `the data folder ${path} cannot be written: ${reason(error)}. Choose another with --data-dir, or give this user the right to write there.`,
      { cause: error }
    )
  }
}

function readIdentity(file: string): string {
  let identity: { format?: unknown; log?: unknown }
  try {
    identity = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Fatal(`${file} cannot be read: ${reason(error)}. Restore it from a copy of the data folder.`, {
      cause: error
    })
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
