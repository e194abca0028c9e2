import type { OpenFile } from '../file-system.ts'

/** Writes all of `bytes` at `position`, however often the kernel takes only a part. */
export async function writeAll(file: OpenFile, bytes: Buffer, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

/**
 * fdatasync. Whatever it fails with, the error that is thrown has no code of its own: a disk that is full
 * at this point is no reason to go on, since the page cache may hold what the disk never got.
 */
export async function syncFile(file: OpenFile): Promise<void> {
  try {
    await file.datasync()
  } catch (error) {
    throw new Error(`fdatasync failed: ${String(error)}`, { cause: error })
  }
}
