import { basename, join } from 'node:path'
import { Fatal } from '../errors.ts'
import type { FileSystem } from '../file-system.ts'
import { syncFile, writeAll } from './file.ts'
import { decodeRecord, type JournalRecord, RECORD_MAGIC } from './record.ts'
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentFirst } from './segment.ts'

/** How many records lie between two remembered offsets of a segment. */
export const OFFSETS_EVERY = 1_024

/** A segment that was read whole and found good. */
export interface Segment {
  readonly path: string
  /** Index of the first record. */
  readonly first: number
  /** Durable length of the file. */
  bytes: number
  /** Offset of every 1,024th record, the first one included: what makes a record findable by its index. */
  readonly offsets: number[]
}

export interface Recovered {
  segments: Segment[]
  /** Index that the next record gets. */
  end: number
  /** What was cut off as a torn tail, in bytes. */
  cutBytes: number
}

/** The newest segment as it was read, and the first record of which it is not known that it is on disk. */
interface Newest {
  segment: Segment
  bytes: Buffer
  unsettled: number
}

/**
 * Reads every segment in `directory`, cuts a torn tail off, and throws Fatal on damage, which is everything
 * else that is not as it was written. `durableEnd` is what is known to have been on disk: no record before
 * that index can be of a torn tail. When it resolves, everything before `end` is on disk. docs/journal-format.md,
 * "Recovery", is the contract.
 */
export async function recoverJournal(
  disk: FileSystem,
  directory: string,
  log: string,
  durableEnd: number
): Promise<Recovered> {
  const recovered: Recovered = { segments: [], end: 0, cutBytes: 0 }
  if (!disk.exists(directory)) return recovered
  const names = disk.names(directory).filter((name) => segmentFirst(name) !== undefined)
  const paths = names.sort().map((name) => join(directory, name))
  const unused = popUnusedSegment(disk, paths)
  // A segment is begun when everything before it is on disk, and its name says where that ends.
  const floor = Math.max(durableEnd, unused === undefined ? 0 : (segmentFirst(basename(unused)) ?? 0))

  let newest: Newest | undefined
  for (const [position, path] of paths.entries()) {
    const bytes = disk.read(path)
    checkHeader(bytes, path, log, recovered.end)
    const scan = scanRecords(bytes, recovered.end)
    if (scan.offset < bytes.length) {
      const isLast = position === paths.length - 1
      if (!isLast || scan.next < floor || wasDurable(bytes, scan.offset, scan.next)) {
        throw damaged(path, scan.offset, scan.next)
      }
      recovered.cutBytes = bytes.length - scan.offset
    }
    const segment = { path, first: recovered.end, bytes: scan.offset, offsets: scan.offsets }
    newest = { segment, bytes, unsettled: Math.max(scan.synced, floor) }
    recovered.segments.push(segment)
    recovered.end = scan.next
  }
  if (recovered.end < floor) {
    throw new Fatal(
      `${directory} ends with record ${recovered.end - 1}, but record ${floor - 1} was acknowledged: ` +
        'events are missing. Restore the folder journal/ from the newest copy.'
    )
  }
  // Only when all is found good is anything touched.
  if (newest !== undefined) await settle(disk, newest)
  if (unused !== undefined) disk.remove(unused)
  disk.syncDirectory(directory)
  return recovered
}

/** The bytes at `offset` are not the record that was once on disk there. */
export function damaged(path: string, offset: number, record: number): Fatal {
  return new Fatal(
    `${path} is damaged at byte ${offset}: expected record ${record}. ` +
      'An acknowledged event is there no more. Restore this file from a copy of the data folder.'
  )
}

/**
 * Cuts the torn tail off, and sees to it that what is left is on disk. What was read may be in the kernel's memory alone: the
 * process ended between write and fdatasync, or the fdatasync failed, after which Linux takes the pages for written. So the
 * records that no later commit or note calls durable are written once more before anybody is told that they are kept.
 */
async function settle(disk: FileSystem, { segment, bytes, unsettled }: Newest): Promise<void> {
  const file = await disk.open(segment.path, 'r+')
  try {
    if (segment.bytes < bytes.length) await file.truncate(segment.bytes)
    const from = offsetOf(bytes, segment, unsettled)
    await writeAll(file, bytes.subarray(from, segment.bytes), from)
    await syncFile(file)
  } finally {
    await file.close()
  }
}

/** Where the record begins, or the segment's end if it has no such record. Without any record the header is unsettled too. */
function offsetOf(bytes: Buffer, { first, bytes: end }: Segment, index: number): number {
  if (end === SEGMENT_HEADER_BYTES) return 0
  let offset = SEGMENT_HEADER_BYTES
  for (let next = first; next < index && offset < end; next++) offset += bytes.readUInt32LE(offset + 8)
  return offset
}

/** Follows the records from the header on, for as long as they are good and in order; `synced` is that of the last one. */
export function scanRecords(
  bytes: Buffer,
  first: number,
  visit?: (record: JournalRecord) => void
): { offset: number; next: number; synced: number; offsets: number[] } {
  const offsets: number[] = []
  let offset = SEGMENT_HEADER_BYTES
  let next = first
  let synced = first
  while (offset < bytes.length) {
    const record = decodeRecord(bytes, offset)
    if (record === undefined || record.index !== next) break
    if ((next - first) % OFFSETS_EVERY === 0) offsets.push(offset)
    visit?.(record)
    offset += bytes.readUInt32LE(offset + 8)
    next += 1
    synced = record.synced
  }
  return { offset, next, synced, offsets }
}

/**
 * Takes the last path away if no record was ever in it. A crash while a segment is begun leaves a file that
 * holds no more than a header, whole or not. With a good header it simply is the last segment.
 */
export function popUnusedSegment(disk: FileSystem, paths: string[]): string | undefined {
  const last = paths.at(-1)
  if (last === undefined || disk.size(last) > SEGMENT_HEADER_BYTES) return undefined
  if (isHeader(disk.read(last), last)) return undefined
  return paths.pop()
}

function isHeader(bytes: Buffer, path: string): boolean {
  if (bytes.length < SEGMENT_HEADER_BYTES) return false
  try {
    return decodeSegmentHeader(bytes, path) !== undefined
  } catch (error) {
    // One of a newer version is no torn one: the check of the header says so later.
    return error instanceof Fatal && !error.message.includes('is damaged')
  }
}

/** Throws Fatal unless the segment is one of journal `log` that begins with record `expectedFirst`. */
export function checkHeader(bytes: Buffer, path: string, log: string, expectedFirst: number): void {
  if (bytes.length < SEGMENT_HEADER_BYTES) {
    throw new Fatal(
      `${path} is damaged at byte ${bytes.length}: it ends within its header. Restore this file from a copy.`
    )
  }
  const header = decodeSegmentHeader(bytes, path)
  if (header.log !== log) {
    throw new Fatal(
      `${path} belongs to the journal ${header.log}, this data folder to ${log}. Put the segments and playtrail.json of one folder together.`
    )
  }
  if (header.first !== expectedFirst || segmentFirst(basename(path)) !== expectedFirst) {
    throw new Fatal(
      `${path} begins with record ${header.first}, expected ${expectedFirst}: a segment before it is missing, cut or renamed. ` +
        'Restore the journal from a copy of the data folder.'
    )
  }
}

/**
 * True if what stands at `badOffset`, where record `badIndex` should be, was on disk once: a whole record
 * further on was written when everything before its `synced` was durable. Commits follow each other, so
 * bytes of an unfinished commit have no such record behind them.
 */
export function wasDurable(bytes: Buffer, badOffset: number, badIndex: number): boolean {
  for (
    let at = bytes.indexOf(RECORD_MAGIC, badOffset + 1);
    at !== -1;
    at = bytes.indexOf(RECORD_MAGIC, at + 1)
  ) {
    const record = decodeRecord(bytes, at)
    if (record !== undefined && record.synced > badIndex) return true
  }
  return false
}
