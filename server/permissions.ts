import { accessSync, chownSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Fatal } from './errors.ts'

const { R_OK, W_OK, X_OK } = constants

/** What the kernel says where a user has not the right to do something. */
const DENIED = new Set(['EACCES', 'EPERM'])
/** An error that came from another thread has the path in its message alone. */
const PATH_IN_MESSAGE = /\b(?:EACCES|EPERM): [^']*'([^']+)'/

/**
 * What to tell of an error that says that this user may not do something with a file: which file, and as whom to run. Undefined for any other
 * error.
 */
export function denialOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (!('code' in error) || !DENIED.has(String(error.code))) return denialOf(error.cause)
  const path =
    'path' in error && typeof error.path === 'string' ? error.path : PATH_IN_MESSAGE.exec(error.message)?.[1]
  return path === undefined ? undefined : denied(path)
}

/** The same of a path that seems not to be there, because this user may not look. */
export function denialAt(path: string): string | undefined {
  try {
    statSync(path)
    return undefined
  } catch (error) {
    return denialOf(error)
  }
}

function denied(path: string): string {
  const { at, uid } = nearest(path)
  const whose = `${at === path ? 'it' : at} belongs to ${nameOf(uid)}`
  return `${path}: permission denied (${whose}). Run this as the user that owns the data folder (sudo -u USER …), and give that user every file in it.`
}

/** The path, or the folder nearest to it that this user may look at, and whose that is. */
function nearest(path: string): { at: string; uid: number } {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { at, uid: statSync(at).uid }
    } catch (error) {
      if (dirname(at) === at) throw error
    }
  }
}

/** The name of a user of this machine; one that another service knows keeps its number. */
function nameOf(uid: number): string {
  const passwd = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : ''
  const fields = passwd.split('\n').map((line) => line.split(':'))
  const name = fields.find(([, , id]) => id === String(uid))?.[0]
  return name === undefined ? `user ${uid}` : `the user ${name}`
}

const FOLDERS = ['journal', 'keys', 'log', 'log/tile', 'quarantine']
/** They are written in their places; all others are replaced whole, or only read. */
const WRITTEN = ['ids.sqlite', 'index.sqlite', 'dead-letters.sqlite'].flatMap((name) =>
  ['', '-wal', '-shm'].map((suffix) => name + suffix)
)
const READ = ['playtrail.json', 'tokens.json', 'anchors.json', 'life.json', 'log/checkpoint', 'log/log.vkey']

/**
 * Looks whether this user may use all that is in a data folder, before the service does: files that another user left there, as after a command
 * that was run as root, would fail one after the other, each in its own way. Throws Fatal, which names the first. A new folder has nothing to look at.
 */
export function checkPermissions(dataDir: string): void {
  const check = (path: string, mode: number): void => {
    try {
      if (existsSync(path)) accessSync(path, mode)
    } catch (error) {
      throw new Fatal(denialOf(error) ?? `${path} cannot be used: ${String(error)}`, { cause: error })
    }
  }
  for (const name of FOLDERS) check(join(dataDir, name), R_OK | W_OK | X_OK)
  for (const name of READ) check(join(dataDir, name), R_OK)
  for (const name of WRITTEN) check(join(dataDir, name), R_OK | W_OK)
  for (const name of ['journal', 'keys', 'quarantine']) {
    const folder = join(dataDir, name)
    const mode = name === 'quarantine' ? R_OK | W_OK : R_OK
    for (const file of existsSync(folder) ? readdirSync(folder) : []) check(join(folder, file), mode)
  }
}

/**
 * Gives files that root made to the owner of the folder that they lie in, without which the service that runs as that user could not read
 * them. Nothing to do for anybody else.
 */
export function giveToOwner(...files: string[]): void {
  if (process.getuid?.() !== 0) return
  for (const file of files) {
    const { uid, gid } = statSync(dirname(file))
    chownSync(file, uid, gid)
  }
}
