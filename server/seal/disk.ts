import { closeSync, fsyncSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type FileSystem, realDisk } from '../file-system.ts'

/** The disk as the log needs it: many files are written, then all of them are synced, which takes half the time. */
export interface LogDisk
  extends Pick<
    FileSystem,
    'exists' | 'size' | 'read' | 'rename' | 'makeDirectory' | 'syncDirectory' | 'names'
  > {
  /** Makes a file, or replaces its content. Mode 0600. Durable when `sync` has returned. */
  put(path: string, content: Uint8Array): void
  sync(path: string): void
  /** Who may read and write the file: its last nine bits. */
  mode(path: string): number
  /** Removes a folder with all that is in it, if it is there. */
  removeDirectory(path: string): void
}

export const realLogDisk: LogDisk = {
  ...realDisk,
  put: (path, content) => writeFileSync(path, content, { mode: 0o600 }),
  sync(path) {
    const handle = openSync(path, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  },
  mode: (path) => statSync(path).mode & 0o777,
  removeDirectory: (path) => rmSync(path, { recursive: true, force: true })
}

/**
 * Puts files in their places, whole and durably: when this returns they are there after any power cut, and
 * before that each is the old one or the new one. Paths are relative to `root`.
 *
 * @param settled folders below `root` whose names are durable as far as this process knows; those that become so are added
 */
export function writeFiles(
  disk: LogDisk,
  root: string,
  files: ReadonlyMap<string, Uint8Array>,
  settled = new Set<string>()
): void {
  const changed = new Set<string>()
  for (const path of files.keys()) {
    const directory = dirname(join(root, path))
    if (changed.has(directory)) continue
    changed.add(directory)
    const made = disk.makeDirectory(directory)
    const top = made !== undefined && root.startsWith(made) ? dirname(made) : root
    // A folder's name stands in the one above it, which has to be synced as well: also where the folder is there already, since
    // whoever made it may have been killed, or have met a failure, before its name was durable.
    for (let at = directory; at !== top && !settled.has(at); at = dirname(at)) changed.add(dirname(at))
  }
  for (const [path, content] of files) disk.put(join(root, `${path}.new`), content)
  for (const path of files.keys()) disk.sync(join(root, `${path}.new`))
  for (const path of files.keys()) disk.rename(join(root, `${path}.new`), join(root, path))
  for (const directory of changed) disk.syncDirectory(directory)
  for (const directory of changed) settled.add(directory)
}

/** One file, like `writeFiles`. */
export function writeFileDurably(disk: LogDisk, root: string, name: string, content: string): void {
  writeFiles(disk, root, new Map([[name, Buffer.from(content)]]))
}
