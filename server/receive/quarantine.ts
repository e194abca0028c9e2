import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFullCode } from '../data-folder.ts'
import { Problem, type ProblemCode } from '../errors.ts'
import { realDisk } from '../file-system.ts'
import type { Room } from '../journal/commits.ts'
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

/** `room` says whether there is space for more. */
export async function openQuarantine(directory: string, room?: Pick<Room, 'refusal'>): Promise<Quarantine> {
  const numbers = (await readdir(directory))
    .flatMap((name) => NAME_PATTERN.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
  let file: FileHandle | undefined
  let bytes = 0
  let waitingBytes = 0
  let turn: Promise<void> = Promise.resolve()

  const leave = async (): Promise<void> => {
    const left = file
    file = undefined
    await left?.datasync()
    await left?.close()
  }
  const next = async (): Promise<FileHandle> => {
    await leave()
    const number = (numbers.at(-1) ?? -1) + 1
    file = await open(pathOf(directory, number), 'ax+', 0o600)
    bytes = 0
    numbers.push(number)
    while (numbers.length > limits.quarantineFilesMax)
      await rm(pathOf(directory, numbers.shift() ?? 0), { force: true })
    realDisk.syncDirectory(directory)
    return file
  }
  const current = async (): Promise<FileHandle> => {
    const last = numbers.at(-1)
    if (file === undefined && last !== undefined) {
      file = await open(pathOf(directory, last), 'a+', 0o600)
      bytes = await endedLine(file)
    }
    return file === undefined || bytes > limits.quarantineFileBytesMax ? await next() : file
  }
  const write = async (lines: readonly Buffer[]): Promise<void> => {
    try {
      for (const line of lines) {
        await (await current()).appendFile(line)
        bytes += line.length
      }
      await file?.datasync()
    } catch (error) {
      // Opened again by the next entry, which then ends the line that may be torn.
      await file?.close().catch(() => undefined)
      file = undefined
      throw keepable(error)
    }
  }

  return {
    add(entries) {
      const refusal = room?.refusal()
      if (refusal !== undefined) return Promise.reject(refusal)
      const lines = entries.map((entry) => Buffer.from(`${JSON.stringify(entry)}\n`))
      const size = lines.reduce((sum, line) => sum + line.length, 0)
      if (waitingBytes > limits.quarantineQueueBytesMax) return Promise.reject(overloaded())
      waitingBytes += size
      // One after the other; a failed one does not hold up the next.
      const written = turn.then(() => write(lines))
      turn = written
        .catch(() => undefined)
        .finally(() => {
          waitingBytes -= size
        })
      return written
    },
    async close() {
      await turn
      await leave()
    }
  }
}

/** Ends a line that a crash has torn, and returns the length of the file. */
async function endedLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  if (size === 0) return 0
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  if (last.toString() === '\n') return size
  await file.appendFile('\n')
  return size + 1
}

function keepable(error: unknown): unknown {
  const code = diskFullCode(error)
  if (code === undefined) return error
  return new Problem(
    'journal_full',
    `The disk is full (${code}): what was refused cannot be kept. Free some space, and send the batch again; what is kept already counts as duplicate.`,
    {},
    { cause: error }
  )
}

function overloaded(): Problem {
  return new Problem(
    'overloaded',
    `More than ${limits.quarantineQueueBytesMax} bytes of refused events wait for the disk. Send the batch again later; what is kept already counts as duplicate.`
  )
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
