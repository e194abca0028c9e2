import { readdirSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { decodeRecord, type JournalRecord } from '../journal/record.ts'
import { checkHeader, wasDurable } from '../journal/recovery.ts'
import { SEGMENT_HEADER_BYTES, segmentFirst } from '../journal/segment.ts'
import { openRegular, readAt } from '../read-file.ts'
import { BadEvidence } from '../seal/bad-evidence.ts'

/** Read at once: more than the largest record. */
const WINDOW_BYTES = 2 * 1024 * 1024
/** Behind the last record there is no more than a commit that was under way. */
const TAIL_BYTES_MAX = 64 * 1024 * 1024

/** A record, and where it lies. */
export interface PlacedRecord {
  record: JournalRecord
  file: string
  byte: number
}

/** The journal has another thing than a record where one was sealed, or acknowledged. */
export class JournalDamage extends BadEvidence {
  readonly file: string
  readonly byte: number
  readonly record: number

  constructor(message: string, place: { file: string; byte: number; record: number }) {
    super(message)
    this.file = place.file
    this.byte = place.byte
    this.record = place.record
  }
}

/** What was seen of the journal so far. */
export interface JournalSeen {
  segments: number
  records: number
  /** Bytes behind the last record: of a write under way, or a torn tail. */
  tailBytes: number
}

/**
 * All records of a journal, in order and with bounded memory, also while a server writes it. Changes nothing. Throws JournalDamage at the
 * first thing that is no record; behind record `sealedEnd`, only if it was durable once.
 */
export async function* journalRecords(
  folder: Pick<DataFolder, 'journal' | 'log'>,
  sealedEnd: number,
  seen: JournalSeen
): AsyncGenerator<PlacedRecord[]> {
  const names = segmentNames(folder.journal)
  let next = 0
  for (const name of names) {
    const path = join(folder.journal, name)
    const opened = await openRegular(path)
    if (opened === undefined) throw new Uncheckable(`${path} was removed while it was to be read.`)
    try {
      const isLast = name === names.at(-1)
      const header = await readAt(opened.file, path, 0, SEGMENT_HEADER_BYTES)
      // A segment that was begun and never used; its name says how far the journal was durable.
      const isUnused = isLast && opened.size <= SEGMENT_HEADER_BYTES && segmentFirst(name) === next
      if (isUnused && next >= sealedEnd) break
      checkHeaderOf(header, path, folder.log, next)
      seen.segments += 1
      for await (const records of recordsIn({ ...opened, path }, next, { isLast, sealedEnd }, seen)) {
        next += records.length
        seen.records = next
        yield records
      }
    } finally {
      await opened.file.close()
    }
  }
  if (next < sealedEnd) {
    const message = `the journal ends with ${next} records, but ${sealedEnd} were sealed: records are missing`
    throw new JournalDamage(message, { file: folder.journal, byte: 0, record: next })
  }
}

async function* recordsIn(
  { file, path, size }: { file: FileHandle; path: string; size: number },
  first: number,
  { isLast, sealedEnd }: { isLast: boolean; sealedEnd: number },
  seen: JournalSeen
): AsyncGenerator<PlacedRecord[]> {
  let next = first
  for (let at = SEGMENT_HEADER_BYTES; at < size; ) {
    const bytes = await readAt(file, path, at, Math.min(size - at, WINDOW_BYTES))
    const records: PlacedRecord[] = []
    let offset = 0
    while (offset < bytes.length) {
      const record = decodeRecord(bytes, offset)
      if (record?.index !== next) break
      records.push({ record, file: path, byte: at + offset })
      offset += bytes.readUInt32LE(offset + 8)
      next += 1
    }
    if (offset === 0) {
      const rest = await readAt(file, path, at, Math.min(size - at, TAIL_BYTES_MAX))
      if (!isLast || next < sealedEnd || size - at > TAIL_BYTES_MAX || wasDurable(rest, 0, next))
        throw new JournalDamage(`expected record ${next}, whole`, { file: path, byte: at, record: next })
      seen.tailBytes = size - at
      return
    }
    at += offset
    yield records
  }
}

function segmentNames(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => segmentFirst(name) !== undefined)
      .sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw new Uncheckable(`${directory} cannot be read: ${String(error)}`, { cause: error })
  }
}

function checkHeaderOf(header: Buffer, path: string, log: string, next: number): void {
  try {
    checkHeader(header, path, log, next)
  } catch (error) {
    if (!(error instanceof Fatal)) throw error
    if (error.message.includes('a newer one wrote it')) throw new Uncheckable(error.message, { cause: error })
    throw new JournalDamage(error.message, { file: path, byte: 0, record: next })
  }
}

/** Hands records out in the numbers that are asked for. */
export function inPortions(
  chunks: AsyncGenerator<PlacedRecord[]>
): (count: number) => Promise<PlacedRecord[]> {
  let waiting: PlacedRecord[] = []
  return async (count) => {
    const taken: PlacedRecord[] = []
    while (taken.length < count) {
      if (waiting.length === 0) {
        const { done, value } = await chunks.next()
        if (done === true) break
        waiting = value
      }
      taken.push(...waiting.splice(0, count - taken.length))
    }
    return taken
  }
}
