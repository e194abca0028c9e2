import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Replaces a file whole, durably when it resolves: its readers see the old content or the new, whatever happens. Waits
 * for the disk in another thread: the disk of an anchor may be a network's.
 */
export async function replaceFileElsewhere(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`
  // What a crash left, or somebody put there: a link would lead elsewhere, and a pipe would wait for ever.
  await rm(temporary, { force: true })
  const file = await create(temporary, mode)
  try {
    // Whatever the process's umask says: an anchor is for others to read.
    await unlessUnknown(file.chmod(mode))
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

async function create(path: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, 'wx', mode)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new Error(`the folder ${dirname(path)} does not exist`, { cause: error })
  }
}

/** Makes a folder in one that is there, durably. Its owner alone may enter it. */
export async function makeFolder(path: string): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined) await syncFolder(dirname(path))
}

async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle
  try {
    folder = await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'EACCES') return
    throw error
  }
  try {
    await unlessUnknown(folder.sync())
  } finally {
    await folder.close()
  }
}

/** Errors by which disks of networks and of other systems say that they know no modes, or cannot sync a folder. */
const UNKNOWN = new Set(['EINVAL', 'ENOSYS', 'ENOTSUP', 'EPERM'])

/** What such a disk cannot do is left to it: the content was synced. */
async function unlessUnknown(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!UNKNOWN.has(codeOf(error))) throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
