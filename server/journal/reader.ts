import type { JournalBatch } from './record.ts'

/** What a follower needs of the journal. */
export interface JournalReader {
  /** Identity of the journal, a UUID. */
  readonly id: string
  /** Everything before this index is durable; also what a reader can read up to. */
  readonly end: number
  /**
   * The records from `index` on, as many as fit `limits.readBytesMax` (at least one), all of one segment;
   * undefined at the end. Reading on from where the last batch ended is cheap. The bytes are the caller's.
   */
  read(index: number): Promise<JournalBatch | undefined>
  /** Resolves when `end` is beyond `index`, or when the signal is aborted (without throwing). */
  waitBeyond(index: number, signal: AbortSignal): Promise<void>
}
