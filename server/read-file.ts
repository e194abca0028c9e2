import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Uncheckable } from './index/reconcile/comparable.ts'
import { denialOf } from './permissions.ts'

/**
 * Opens a file that somebody else may have put there: a pipe would wait for ever, so only a regular file will do.
 * Undefined if there is none. Throws Uncheckable if it cannot be read.
 */
export async function openRegular(path: string): Promise<{ file: FileHandle; size: number } | undefined> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, error)
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new Uncheckable(`${path} is no file that can be read to its end.`)
    return { file, size: stat.size }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Up to `length` bytes from `position` on; fewer at the file's end. Throws Uncheckable if they cannot be read. */
export async function readAt(
  file: FileHandle,
  path: string,
  position: number,
  length: number
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  try {
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  return bytes.subarray(0, filled)
}

/** The bytes of a file, and no more than one beyond `bytesMax`; undefined if there is none. */
export async function readFileWithin(path: string, bytesMax: number): Promise<Buffer | undefined> {
  const opened = await openRegular(path)
  if (opened === undefined) return undefined
  try {
    return await readAt(opened.file, path, 0, Math.min(opened.size, bytesMax + 1))
  } finally {
    await opened.file.close()
  }
}

function unreadable(path: string, cause: unknown): Uncheckable {
  const denial = denialOf(cause)
  if (denial !== undefined) return new Uncheckable(denial, { cause })
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Uncheckable(`${path} cannot be read: ${reason}.`, { cause })
}
