import { join } from 'node:path'
import type { FileSystem, OpenFile } from '../file-system.ts'
import { limits } from '../limits.ts'
import { syncFile, writeAll } from './file.ts'
import { type JournalBatch, recordLength } from './record.ts'
import { OFFSETS_EVERY, type Segment } from './recovery.ts'
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentName } from './segment.ts'

interface Place {
  segment: Segment
  offset: number
}

/** How many readers may each go on from where they stopped without a search. */
const PLACES_MAX = 16

/**
 * The files of the journal: finds records in them by index, and begins new ones. Only what `Segment.bytes`
 * covers is ever read, which is what is durable.
 */
export class SegmentFiles {
  readonly #disk: FileSystem
  readonly #directory: string
  readonly #log: string
  readonly #segments: Segment[]
  /** Index of a batch's end → where it stands, for reading on. */
  readonly #places = new Map<number, Place>()

  constructor(disk: FileSystem, directory: string, log: string, segments: Segment[]) {
    this.#disk = disk
    this.#directory = directory
    this.#log = log
    this.#segments = segments
  }

  get last(): Segment | undefined {
    return this.#segments.at(-1)
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get count(): number {
    return this.#segments.length
  }

  /** Opens a segment for writing. */
  open({ path }: Segment): Promise<OpenFile> {
    return this.#disk.open(path, 'r+')
  }

  /** Begins a new segment; its header and its name are durable before this returns. */
  async begin(first: number): Promise<{ segment: Segment; file: OpenFile }> {
    const path = join(this.#directory, segmentName(first))
    const file = await this.#disk.open(path, 'wx+')
    try {
      const header = encodeSegmentHeader({ log: this.#log, first, createdAt: Date.now() * 1_000 })
      await writeAll(file, header, 0)
      await syncFile(file)
      this.#disk.syncDirectory(this.#directory)
    } catch (error) {
      // On a full disk this is tried again later, and must find no file of the name.
      await file.close()
      this.#disk.remove(path)
      throw error
    }
    const segment: Segment = { path, first, bytes: SEGMENT_HEADER_BYTES, offsets: [] }
    this.#segments.push(segment)
    return { segment, file }
  }

  /**
   * The records from `index` on that fit `limits.readBytesMax`, at least one, all of one segment; `end` is
   * the journal's. Reading on from where the last batch ended takes no search.
   */
  async read(index: number, end: number): Promise<JournalBatch | undefined> {
    if (index >= end) return undefined
    const { segment, offset } = this.#onward(this.#places.get(index) ?? (await this.#find(index)))
    const bytes = await this.#bytes(segment, offset)
    const whole = wholeRecords(bytes)
    if (whole.count === 0)
      throw new Error(`${segment.path}: no record at byte ${offset}, where record ${index} was`)

    const next = index + whole.count
    this.#remember(index, next, { segment, offset: offset + whole.bytes })
    return { journalId: this.#log, first: index, next, bytes: bytes.subarray(0, whole.bytes) }
  }

  #remember(from: number, next: number, place: Place): void {
    this.#places.delete(from)
    this.#places.set(next, place)
    const oldest = this.#places.keys().next().value
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest)
  }

  /** The end of a segment is the beginning of the next one, if there is a next one by now. */
  #onward(place: Place): Place {
    if (place.offset < place.segment.bytes) return place
    const following = this.#segments[this.#segments.indexOf(place.segment) + 1]
    return following === undefined ? place : { segment: following, offset: SEGMENT_HEADER_BYTES }
  }

  async #find(index: number): Promise<Place> {
    const segment = this.#segments.findLast((candidate) => candidate.first <= index)
    if (segment === undefined) throw new Error(`journal: record ${index} lies before the first segment`)
    const steps = index - segment.first
    const stone = Math.floor(steps / OFFSETS_EVERY)
    const offset = segment.offsets[stone]
    if (offset === undefined) throw new Error(`${segment.path}: record ${index} has no place`)
    return { segment, offset: await this.#skip(segment, offset, steps - stone * OFFSETS_EVERY) }
  }

  /** Offset of the record that lies `count` records behind the one at `offset`. */
  async #skip(segment: Segment, offset: number, count: number): Promise<number> {
    let at = offset
    let left = count
    while (left > 0) {
      const { count: found, bytes: length } = wholeRecords(await this.#bytes(segment, at), left)
      if (found === 0) throw new Error(`${segment.path}: no record at byte ${at}`)
      at += length
      left -= found
    }
    return at
  }

  async #bytes({ path, bytes }: Segment, offset: number): Promise<Buffer<ArrayBuffer>> {
    const file = await this.#disk.open(path, 'r')
    try {
      return await readBytes(file, path, offset, Math.min(bytes - offset, limits.readBytesMax))
    } finally {
      await file.close()
    }
  }
}

function wholeRecords(bytes: Buffer, countMax = Number.POSITIVE_INFINITY): { count: number; bytes: number } {
  let offset = 0
  let count = 0
  while (count < countMax) {
    const length = recordLength(bytes, offset)
    if (length === undefined) break
    offset += length
    count += 1
  }
  return { count, bytes: offset }
}

/** Reads into memory of its own, not into Node's shared pool: a batch is handed to another thread whole. */
async function readBytes(
  file: OpenFile,
  path: string,
  offset: number,
  length: number
): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.from(new ArrayBuffer(length))
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0)
      throw new Error(`${path} ends at byte ${offset + filled}, expected ${offset + length}`)
    filled += bytesRead
  }
  return bytes
}
