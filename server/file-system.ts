import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** An open file. Node's FileHandle is one. */
export interface OpenFile {
  /** May read less than is asked for, at the file's end nothing. */
  read(bytes: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  /** May write less than is asked for. What was written survives a power cut when `datasync` has returned. */
  write(bytes: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  datasync(): Promise<void>
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/**
 * The disk, as far as what must survive a power cut asks for it. Errors are the kernel's, with their `code`. A name that
 * is made, changed or removed is durable when its folder was synced, and not before. Tests have a disk that fails in every way which
 * this allows: test/support/memory-disk.ts.
 */
export interface FileSystem {
  /** `wx+` makes the file, mode 0600, and fails if there is one. */
  open(path: string, flags: 'r' | 'r+' | 'wx+'): Promise<OpenFile>

  // What follows blocks: it is for the start, when nothing else goes on, and for what happens once in a long time.
  exists(path: string): boolean
  /** Names in a folder, in no order. */
  names(directory: string): string[]
  size(path: string): number
  read(path: string): Buffer
  /** Makes a file, or replaces its content, and syncs the content. Mode 0600. */
  write(path: string, content: string): void
  rename(from: string, to: string): void
  remove(path: string): void
  /** Makes a folder and those above it, mode 0700; returns the uppermost that was not there. */
  makeDirectory(path: string): string | undefined
  syncDirectory(path: string): void
  /** Throws if this process may not read and write in the folder. */
  checkAccess(directory: string): void
}

export const realDisk: FileSystem = {
  open: (path, flags) => open(path, flags, 0o600),
  exists: existsSync,
  names: (directory) => readdirSync(directory),
  size: (path) => statSync(path).size,
  read: (path) => readFileSync(path),
  write: (path, content) => writeFileSync(path, content, { mode: 0o600, flush: true }),
  rename: renameSync,
  remove: unlinkSync,
  makeDirectory,
  syncDirectory(path) {
    const handle = openSync(path, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  },
  checkAccess: (directory) => accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** One folder after the other: Node's own recursive mkdir never ends where a parent cannot have folders, as in /proc. */
function makeDirectory(path: string): string | undefined {
  const missing: string[] = []
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.push(folder)
  for (const folder of missing.toReversed()) makeOne(folder)
  return missing.at(-1)
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process was faster.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
