import { randomFillSync } from 'node:crypto'
import { diskFullCode } from '../data-folder.ts'
import { Problem } from '../errors.ts'
import type { OpenFile } from '../file-system.ts'
import { limits } from '../limits.ts'
import { syncFile, writeAll } from './file.ts'
import { encodeRecord, recordBytes, SALT_BYTES } from './record.ts'
import { OFFSETS_EVERY, type Segment } from './recovery.ts'
import type { SegmentFiles } from './segment-files.ts'

/** An event on its way into the journal. */
export interface Entry {
  eventId: string
  /** The event's bytes as they were received. */
  payload: Buffer
}

/** Whether there is room on the disk for more. */
export interface Room {
  /** Why so many new events are not taken now, or undefined if they are. */
  refusal(events?: number): Problem | undefined
  /** Told when a write found the disk full. */
  onFull(): void
}

/** Where entries lie that are on disk. */
export interface Kept {
  /** Index of the first of them. */
  first: number
  /** The salt of the last one. No other record has it, so it also says of which history the journal is up to there. */
  lastSalt: Buffer
}

interface CommitsOptions {
  room?: Room | undefined
  /** The commit that passes it is the segment's last. */
  segmentBytesMax: number
  /** Told when `end` has moved. */
  onDurable(): void
  /** Told when the disk can no longer be believed; every later call rejects. */
  onBroken(error: unknown): void
}

interface Waiting {
  entries: readonly Entry[]
  sender: string
  receivedAt: number
  bytes: number
  resolve(kept: Kept): void
  reject(error: unknown): void
}

/** Parts of a batch may be on disk: those whose first copies came with another request. */
const SEND_AGAIN = 'Send the batch again later; what is kept already counts as duplicate.'

/**
 * Group commit: what arrives during one write and fdatasync shares the next. Entries get their indices in
 * the order of the calls.
 */
export class Commits {
  readonly #files: SegmentFiles
  readonly #options: CommitsOptions
  #segment: Segment | undefined
  #file: OpenFile | undefined
  #queue: Waiting[] = []
  #queuedBytes = 0
  #end: number
  #broken: unknown
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(files: SegmentFiles, end: number, options: CommitsOptions) {
    this.#files = files
    this.#segment = files.last
    this.#end = end
    this.#options = options
  }

  /** Everything before this index is on disk. */
  get end(): number {
    return this.#end
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Resolves when all of the entries are on disk. `isUrgent`: also where there is no room for others. */
  append(
    entries: readonly Entry[],
    sender: string,
    receivedAt: number,
    { isUrgent = false } = {}
  ): Promise<Kept> {
    const refusal = this.#refusal() ?? (isUrgent ? undefined : this.#options.room?.refusal(entries.length))
    if (refusal !== undefined) return Promise.reject(refusal)
    const senderBytes = Buffer.byteLength(sender)
    const bytes = entries.reduce(
      (sum, { eventId, payload }) => sum + recordBytes(senderBytes, eventId.length, payload.length),
      0
    )
    this.#queuedBytes += bytes
    return new Promise((resolve, reject) => {
      this.#queue.push({ entries, sender, receivedAt, bytes, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  #refusal(): unknown {
    if (this.#broken !== undefined) return this.#broken
    if (this.#isClosed) return new Problem('overloaded', `The service is stopping. ${SEND_AGAIN}`)
    if (this.#queuedBytes <= limits.appendQueueBytesMax) return undefined
    return new Problem(
      'overloaded',
      `More than ${limits.appendQueueBytesMax} bytes of events wait for the disk. ${SEND_AGAIN}`
    )
  }

  /** Waits for what was appended, takes no more, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#file?.close()
    this.#file = undefined
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that requests which arrived together are committed together.
    await new Promise(setImmediate)
    while (this.#queue.length > 0) {
      const taken = this.#take()
      const first = this.#end
      let salts: Buffer
      try {
        salts = await this.#commit(taken, first)
      } catch (error) {
        await this.#fail(taken, error)
        continue
      }
      this.#options.onDurable()
      let index = first
      for (const waiting of taken) {
        const before = index
        index += waiting.entries.length
        waiting.resolve({ first: before, lastSalt: saltOf(salts, index - 1 - first) })
      }
    }
    // In the same turn in which the queue was seen empty: what comes later starts the next run.
    this.#running = undefined
  }

  #take(): Waiting[] {
    let count = 0
    let bytes = 0
    for (const waiting of this.#queue) {
      if (count > 0 && bytes + waiting.bytes > limits.commitBytesMax) break
      bytes += waiting.bytes
      count += 1
    }
    this.#queuedBytes -= bytes
    return this.#queue.splice(0, count)
  }

  /** Returns the salts of the records, one after the other. */
  async #commit(taken: readonly Waiting[], first: number): Promise<Buffer> {
    const { segment, file } = await this.#openSegment(first)
    const { bytes, offsets, end, salts } = encodeCommit(taken, first, segment)
    await writeAll(file, bytes, segment.bytes)
    await syncFile(file)
    segment.bytes += bytes.length
    segment.offsets.push(...offsets)
    this.#end = end
    return salts
  }

  async #openSegment(first: number): Promise<{ segment: Segment; file: OpenFile }> {
    if (this.#segment !== undefined && this.#segment.bytes <= this.#options.segmentBytesMax) {
      this.#file ??= await this.#files.open(this.#segment)
      return { segment: this.#segment, file: this.#file }
    }
    await this.#file?.close()
    this.#file = undefined
    const begun = await this.#files.begin(first)
    this.#segment = begun.segment
    this.#file = begun.file
    return begun
  }

  async #cutBack(): Promise<void> {
    if (this.#file === undefined || this.#segment === undefined) return
    await this.#file.truncate(this.#segment.bytes)
    await syncFile(this.#file)
  }

  /** A full disk fails this commit alone, if the file can be cut back; anything else ends the journal. */
  async #fail(taken: readonly Waiting[], error: unknown): Promise<void> {
    let failure: unknown = error
    const code = diskFullCode(error)
    if (code !== undefined) {
      try {
        await this.#cutBack()
        this.#options.room?.onFull()
        failure = new Problem(
          'journal_full',
          `The journal's disk is full (${code}). Free some space. ${SEND_AGAIN}`,
          {},
          { cause: error }
        )
      } catch (cutError) {
        failure = cutError
      }
    }
    for (const waiting of taken) waiting.reject(failure)
    if (failure instanceof Problem) return
    // After a failed fdatasync the page cache may hold what the disk never got: nothing can be promised.
    this.#broken = failure
    for (const waiting of this.#queue.splice(0)) waiting.reject(failure)
    this.#options.onBroken(failure)
  }
}

function encodeCommit(
  taken: readonly Waiting[],
  first: number,
  segment: Segment
): { bytes: Buffer; offsets: number[]; end: number; salts: Buffer } {
  const bytes = Buffer.allocUnsafe(taken.reduce((sum, waiting) => sum + waiting.bytes, 0))
  const salts = randomFillSync(
    Buffer.allocUnsafe(SALT_BYTES * taken.reduce((sum, { entries }) => sum + entries.length, 0))
  )
  const offsets: number[] = []
  let offset = 0
  let index = first
  for (const { entries, sender, receivedAt } of taken) {
    for (const { eventId, payload } of entries) {
      if ((index - segment.first) % OFFSETS_EVERY === 0) offsets.push(segment.bytes + offset)
      const salt = saltOf(salts, index - first)
      offset = encodeRecord(bytes, offset, {
        index,
        synced: first,
        receivedAt,
        sender,
        eventId,
        salt,
        payload
      })
      index += 1
    }
  }
  return { bytes, offsets, end: index, salts }
}

function saltOf(salts: Buffer, at: number): Buffer {
  return salts.subarray(at * SALT_BYTES, (at + 1) * SALT_BYTES)
}
