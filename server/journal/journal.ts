import type { DataFolder } from '../data-folder.ts'
import { Fatal } from '../errors.ts'
import { type FileSystem, realDisk } from '../file-system.ts'
import { limits } from '../limits.ts'
import { Claims } from './claims.ts'
import { Commits, type Entry, type Room } from './commits.ts'
import { joinRanges, type KnownIds, openKnownIds, scopedId } from './known-ids.ts'
import type { JournalReader } from './reader.ts'
import { type JournalBatch, type JournalRecord, recordsOf } from './record.ts'
import { recoverJournal } from './recovery.ts'
import { SegmentFiles } from './segment-files.ts'

export type { Entry } from './commits.ts'

export interface Appended {
  /** Entries that were new, and are now on disk. */
  accepted: number
  /** Entries whose id was acknowledged before with the same bytes. */
  duplicates: number
  /** Positions of entries whose id was acknowledged before with other bytes: not kept. */
  conflicts: number[]
}

/** The truth: what is on disk when a sender is answered 200. docs/journal-format.md. */
export interface Journal extends JournalReader {
  /** Bytes and number of the segments, and bytes that wait for the disk. */
  readonly size: { bytes: number; segments: number; queuedBytes: number }
  /** What the last start cut off as a torn tail, in bytes. */
  readonly cutBytes: number
  /**
   * Resolves when every new entry is on disk, and every duplicate's first copy too. Each id is kept once,
   * however often and from however many requests at once it comes. Rejects with Problem `journal_full` or
   * `overloaded`, and then nothing of the call was kept but what another call sent as well. `isUrgent`: also where there is no room
   * for others.
   *
   * @param receivedAt microseconds since 1970
   */
  append(
    entries: readonly Entry[],
    sender: string,
    receivedAt: number,
    options?: { isUrgent?: boolean }
  ): Promise<Appended>
  /** The record of an acknowledged event. */
  find(eventId: string): Promise<JournalRecord | undefined>
  /** Waits for what was appended, then gives the data folder free. */
  close(): Promise<void>
}

export interface JournalOptions {
  /** Told when the disk can no longer be believed. The process has to end without answering. */
  onBroken(error: unknown): void
  /** Records that were on disk by another witness's account, such as the transparency log's. */
  durableEnd?: number
  /** Whether there is room for more; always, if it is not given. */
  room?: Room
  /** A disk that fails, in tests. */
  disk?: FileSystem
  /** Small segments, in tests. */
  segmentBytesMax?: number
}

/**
 * Opens the journal of a data folder, alone: a second call on the same folder throws Fatal, in whatever
 * process. Throws Fatal on damage.
 */
export async function openJournal(folder: DataFolder, options: JournalOptions): Promise<Journal> {
  const ids = openKnownIds(folder.ids, folder.log)
  try {
    const { disk = realDisk, durableEnd = 0 } = options
    const floor = Math.max(ids.end, durableEnd)
    const { segments, end, cutBytes } = await recoverJournal(disk, folder.journal, folder.log, floor)
    const files = new SegmentFiles(disk, folder.journal, folder.log, segments)
    await checkHistory(ids, files, end, folder)
    await catchUp(ids, files, end)
    return new FileJournal(folder.log, files, ids, end, cutBytes, options)
  } catch (error) {
    ids.close()
    throw error
  }
}

/**
 * The newest record whose id is known has to be the one that the journal has in its place. In another history of the same journal, as
 * where a folder was restored in part, it has another salt: then ids are known that are not there, and others that are there are not.
 */
async function checkHistory(
  known: KnownIds,
  files: SegmentFiles,
  end: number,
  { ids, journal }: DataFolder
): Promise<void> {
  if (known.end === 0) return
  // An older version did not note it. What cannot be compared is made again.
  if (known.salt === undefined) return known.forget()
  const batch = await files.read(known.end - 1, end)
  const record = batch && recordsOf(batch).next().value
  if (record?.salt.equals(known.salt)) return
  throw new Fatal(
    `${ids} knows another record ${known.end - 1} than the journal has: one of them was restored from another copy, and acknowledged events may be missing. ` +
      `If ${journal} is the newest there is, remove ${ids} (and ${ids}-wal): it is made again from the journal. If not, restore that.`
  )
}

async function catchUp(ids: KnownIds, files: SegmentFiles, end: number): Promise<void> {
  for (
    let batch = await files.read(ids.end, end);
    batch !== undefined;
    batch = await files.read(ids.end, end)
  ) {
    const records = [...recordsOf(batch)]
    const ranges = joinRanges(records.map(({ eventId, index }) => ({ ...scopedId(eventId), index })))
    ids.add(ranges, { end: batch.next, salt: records.at(-1)?.salt })
  }
}

class FileJournal implements Journal {
  readonly id: string
  readonly cutBytes: number
  readonly #files: SegmentFiles
  readonly #ids: KnownIds
  readonly #commits: Commits
  readonly #claims: Claims
  readonly #waiting = new Set<() => void>()

  constructor(
    id: string,
    files: SegmentFiles,
    ids: KnownIds,
    end: number,
    cutBytes: number,
    options: JournalOptions
  ) {
    this.id = id
    this.cutBytes = cutBytes
    this.#files = files
    this.#ids = ids
    this.#commits = new Commits(files, end, {
      segmentBytesMax: options.segmentBytesMax ?? limits.segmentBytesMax,
      room: options.room,
      onDurable: () => this.#wake(),
      onBroken: options.onBroken
    })
    this.#claims = new Claims(ids, (indices) => this.#payloads(indices))
  }

  get end(): number {
    return this.#commits.end
  }

  get size(): { bytes: number; segments: number; queuedBytes: number } {
    return { bytes: this.#files.bytes, segments: this.#files.count, queuedBytes: this.#commits.queuedBytes }
  }

  async append(
    entries: readonly Entry[],
    sender: string,
    receivedAt: number,
    options?: { isUrgent?: boolean }
  ): Promise<Appended> {
    const claim = this.#claims.claim(entries, (fresh) =>
      this.#commits.append(fresh, sender, receivedAt, options)
    )
    const conflicts = await claim.conflicts
    const duplicates = entries.length - claim.fresh - conflicts.length
    return { accepted: claim.fresh, duplicates, conflicts }
  }

  async find(eventId: string): Promise<JournalRecord | undefined> {
    const { scope, sequence } = scopedId(eventId)
    const range = this.#ids.overlapping(scope, sequence, sequence)[0]
    if (range === undefined) return undefined
    const batch = await this.#files.read(range.index + sequence - range.first, this.end)
    return batch === undefined ? undefined : (recordsOf(batch).next().value ?? undefined)
  }

  read(index: number): Promise<JournalBatch | undefined> {
    return this.#files.read(index, this.end)
  }

  async waitBeyond(index: number, signal: AbortSignal): Promise<void> {
    while (this.end <= index && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake)
          this.#waiting.delete(wake)
          resolve()
        }
        signal.addEventListener('abort', wake)
        this.#waiting.add(wake)
      })
    }
  }

  async close(): Promise<void> {
    await this.#commits.close()
    this.#ids.close()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Payloads of the records with these indices, which ascend: neighbours take one read together. */
  async *#payloads(indices: readonly number[]): AsyncGenerator<Buffer> {
    let records: Iterator<JournalRecord> | undefined
    let end = 0
    let record: JournalRecord | undefined
    for (const index of indices) {
      if (records === undefined || index >= end) {
        const batch = await this.#files.read(index, this.end)
        if (batch === undefined) throw new Error(`journal: record ${index} is known but not there`)
        records = recordsOf(batch)
        end = batch.next
      }
      // What was read together is gone through once; an index may come twice.
      while (record?.index !== index) {
        const step = records.next()
        if (step.done === true) throw new Error(`journal: record ${index} cannot be read`)
        record = step.value
      }
      yield record.payload
    }
  }
}
