import { closeSync, existsSync, fdatasyncSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { DataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
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
export async function openJournalFiles(folder: Pick<DataFolder, 'journal' | 'log'>): Promise<JournalFiles> {
  const { log } = folder
  const parts = partsIn(folder.journal)
  const last = parts.at(-1)
  if (last !== undefined) openLast(last, log)
  const end = last?.next ?? 0
  let isClosed = false

  return {
    id: log,
    end,
    async read(index) {
      if (isClosed) throw new Error('the journal was closed')
      const part = index < end ? parts.findLast(({ first }) => first <= index) : undefined
      if (part === undefined) return undefined
      part.files ??= openWhole(part, log)
      return part.files.read(index, part.next)
    },
    async close() {
      isClosed = true
    }
  }
}

function partsIn(directory: string): Part[] {
  if (!existsSync(directory)) return []
  const names = readdirSync(directory).filter((name) => segmentFirst(name) !== undefined)
  const paths = names.sort().map((name) => join(directory, name))
  const unused = popUnusedSegment(paths)
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
function openWhole({ path, first, next }: Part, log: string): SegmentFiles {
  const bytes = readFileSync(path)
  checkHeader(bytes, path, log, first)
  const scan = scanRecords(bytes, first)
  if (scan.offset < bytes.length || scan.next < next) throw damaged(path, scan.offset, scan.next)
  return filesOf({ path, first, bytes: scan.offset, offsets: scan.offsets }, log)
}

/** The newest segment, as far as its records are whole; sets where that is. */
function openLast(part: Part, log: string): void {
  const { path, first, next } = part
  const file = openSync(path, 'r')
  try {
    const bytes = readFileSync(file)
    checkHeader(bytes, path, log, first)
    const scan = scanRecords(bytes, first)
    // Other bytes behind it are of a write under way, or a torn tail.
    if (scan.next < next || wasDurable(bytes, scan.offset, scan.next))
      throw damaged(path, scan.offset, scan.next)
    // What was read may not be on disk yet if a server is just writing it.
    fdatasyncSync(file)
    part.next = scan.next
    part.files = filesOf({ path, first, bytes: scan.offset, offsets: scan.offsets }, log)
  } finally {
    closeSync(file)
  }
}

function filesOf(segment: Segment, log: string): SegmentFiles {
  return new SegmentFiles(dirname(segment.path), log, [segment])
}

function firstOf(path: string): number {
  return segmentFirst(basename(path)) ?? 0
}
