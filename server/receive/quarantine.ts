import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from '../data-folder.ts'
import type { ProblemCode } from '../errors.ts'
import { limits } from '../limits.ts'

/** What was refused, and why. */
export interface Quarantined {
  /** RFC 3339. */
  received: string
  sender: string
  request: string
  code: ProblemCode
  message: string
  /** Where in the event (RFC 6901), and which line of the batch; absent for a whole body. */
  pointer?: string
  line?: number
  /** The refused bytes: as text if they are UTF-8, else in base64. */
  content: string
  encoding: 'utf8' | 'base64'
  /** How many bytes there were, if `content` is only the beginning of them. */
  cut_from?: number
}

/**
 * Keeps what was refused, so that nothing a sender said is lost: NDJSON files in `quarantine/`, bounded, the
 * oldest file going first.
 */
export interface Quarantine {
  /** Resolves when the entries are on disk. */
  add(entries: readonly Quarantined[]): Promise<void>
  close(): Promise<void>
}

const NAME_PATTERN = /^([0-9]{12})\.ndjson$/

export async function openQuarantine(directory: string): Promise<Quarantine> {
  const numbers = (await readdir(directory))
    .flatMap((name) => NAME_PATTERN.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  let file: FileHandle | undefined
  let bytes = 0
  let turn: Promise<void> = Promise.resolve()

  const next = async (): Promise<FileHandle> => {
    await file?.close()
    const number = (numbers.at(-1) ?? -1) + 1
    file = await open(pathOf(directory, number), 'ax', 0o600)
    bytes = 0
    numbers.push(number)
    while (numbers.length > limits.quarantineFilesMax) await unlink(pathOf(directory, numbers.shift() ?? 0))
    syncDirectory(directory)
    return file
  }
  const current = async (): Promise<FileHandle> => {
    const last = numbers.at(-1)
    if (file === undefined && last !== undefined) {
      file = await open(pathOf(directory, last), 'a', 0o600)
      bytes = (await stat(pathOf(directory, last))).size
    }
    return file === undefined || bytes > limits.quarantineFileBytesMax ? await next() : file
  }
  const write = async (entries: readonly Quarantined[]): Promise<void> => {
    for (const entry of entries) {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      await (await current()).appendFile(line)
      bytes += line.length
    }
    await file?.datasync()
  }

  return {
    add(entries) {
      // One after the other; a failed one does not hold up the next.
      const written = turn.then(() => write(entries))
      turn = written.catch(() => undefined)
      return written
    },
    async close() {
      await turn
      await file?.close()
      file = undefined
    }
  }
}

/** The refused bytes in a form that JSON can hold, cut to the limit. */
export function quarantinedContent(bytes: Buffer): Pick<Quarantined, 'content' | 'encoding' | 'cut_from'> {
  const kept = bytes.subarray(0, limits.quarantineEntryBytesMax)
  const cut = kept.length < bytes.length ? { cut_from: bytes.length } : {}
  const text = kept.toString('utf8')
  // Bytes that are not UTF-8 do not survive the way there and back.
  if (Buffer.from(text).equals(kept)) return { content: text, encoding: 'utf8', ...cut }
  return { content: kept.toString('base64'), encoding: 'base64', ...cut }
}

function pathOf(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(12, '0')}.ndjson`)
}
