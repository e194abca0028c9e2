import { basename, dirname, join } from 'node:path'
import type { DataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { type FileSystem, realDisk } from '../file-system.ts'
import { syncFile } from './file.ts'
import type { JournalReader } from './reader.ts'
import { checkHeader, damaged, popUnusedSegment, type Segment, scanRecords, wasDurable } from './recovery.ts'
import { segmentFirst } from './segment.ts'
import { SegmentFiles } from './segment-files.ts'

/**
 * The journal as it stood when it was opened: `end` stays where it is. Every record before it is whole and on
 * disk. The newest may be of a commit that is under way, whose senders have no answer yet.
 */
export interface JournalFiles extends Pick<JournalReader, 'id' | 'end' | 'read'> {
  close(): Promise<void>
}

/** A segment that is looked at when something of it is asked for: a journal may be larger than patience. */
interface Part {
  path: string
  first: number
  /** Index behind the last record. */
  next: number
  files?: SegmentFiles
}

/**
 * Opens the journal of a data folder for reading, also while a server writes it: takes no lock, and changes
 * nothing, not even a torn tail. Reads the newest segment; each other one when a record of it is asked for.
 * Throws Fatal on damage, here or in `read`.
 */
export async function openJournalFiles(
  folder: Pick<DataFolder, 'journal' | 'log'>,
  { disk = realDisk } = {}
): Promise<JournalFiles> {
  const { log } = folder
  const parts = partsIn(disk, folder.journal)
  const last = parts.at(-1)
  if (last !== undefined) await openLast(disk, last, log)
  const end = last?.next ?? 0
  let isClosed = false

  return {
    id: log,
    end,
    async read(index) {
      if (isClosed) throw new Error('the journal was closed')
      const part = index < end ? parts.findLast(({ first }) => first <= index) : undefined
      if (part === undefined) return undefined
      part.files ??= openWhole(disk, part, log)
      return part.files.read(index, part.next)
    },
    async close() {
      isClosed = true
    }
  }
}

function partsIn(disk: FileSystem, directory: string): Part[] {
  if (!disk.exists(directory)) return []
  const names = disk.names(directory).filter((name) => segmentFirst(name) !== undefined)
  const paths = names.sort().map((name) => join(directory, name))
  const unused = popUnusedSegment(disk, paths)
  const firsts = paths.map(firstOf)
  // A segment is begun when everything before it is on disk: its name says where the one before it ends.
  const nexts = [...firsts.slice(1), unused === undefined ? (firsts.at(-1) ?? 0) : firstOf(unused)]
  const oldest = firsts[0] ?? nexts[0]
  if (oldest !== 0) {
    throw new Fatal(
      `${directory} begins with record ${oldest}, expected 0: segments are missing. Restore the folder from a copy.`
    )
  }
  return paths.map((path, position) => ({
    path,
    first: firsts[position] ?? 0,
    next: nexts[position] ?? 0
  }))
}

/** A segment that another one follows: every byte of it is of a record. */
function openWhole(disk: FileSystem, { path, first, next }: Part, log: string): SegmentFiles {
  const bytes = disk.read(path)
  checkHeader(bytes, path, log, first)
  const scan = scanRecords(bytes, first)
  if (scan.offset < bytes.length || scan.next < next) throw damaged(path, scan.offset, scan.next)
  return filesOf(disk, { path, first, bytes: scan.offset, offsets: scan.offsets }, log)
}

/** The newest segment, as far as its records are whole; sets where that is. */
async function openLast(disk: FileSystem, part: Part, log: string): Promise<void> {
  const { path, first, next } = part
  const bytes = disk.read(path)
  checkHeader(bytes, path, log, first)
  const scan = scanRecords(bytes, first)
  // Other bytes behind it are of a write under way, or a torn tail.
  if (scan.next < next || wasDurable(bytes, scan.offset, scan.next))
    throw damaged(path, scan.offset, scan.next)
  // What was read may not be on disk yet if a server is just writing it.
  const file = await disk.open(path, 'r')
  try {
    await syncFile(file)
  } finally {
    await file.close()
  }
  part.next = scan.next
  part.files = filesOf(disk, { path, first, bytes: scan.offset, offsets: scan.offsets }, log)
}

function filesOf(disk: FileSystem, segment: Segment, log: string): SegmentFiles {
  return new SegmentFiles(disk, dirname(segment.path), log, [segment])
}

function firstOf(path: string): number {
  return segmentFirst(basename(path)) ?? 0
}
