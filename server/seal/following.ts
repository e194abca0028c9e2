import type { Logger } from 'pino'
import { createRetry, sleepUnlessAborted } from '../index/retry.ts'
import type { Caller } from '../index/sqlite/calls.ts'
import type { JournalReader } from '../journal/reader.ts'
import { limits } from '../limits.ts'
import { isFatal } from './fatal-code.ts'
import type { Progress } from './sealing.ts'
import type { SealWorker } from './worker.ts'

/** The journal on its way into the log. */
export interface Following {
  /** What was published last: the checkpoint, and the leaves of its tree. */
  readonly published: { readonly size: number; readonly checkpoint: string }
  /** When the checkpoint was published, in milliseconds since 1970; undefined if it was before this start. */
  readonly publishedAt: number | undefined
  readonly lastError: string | undefined
  /**
   * Opens the log and has it compare what was signed with the journal. Rejects with a Fatal if they differ; with
   * any other error, such as a full disk, `follow` tries again.
   */
  open(): Promise<void>
  /** Adds signature lines of others to the published checkpoint, if that has this text still. */
  addSignatures(text: string, lines: string): Promise<void>
  /** Follows the journal until the signal is aborted, then seals the rest. Never rejects. */
  follow(): Promise<void>
}

export interface FollowingOptions {
  journal: JournalReader
  worker: Pick<Caller<SealWorker>, 'call'>
  log: Pick<Logger, 'error' | 'fatal'>
  signal: AbortSignal
}

export function createFollowing({ journal, worker, log, signal }: FollowingOptions): Following {
  const retry = createRetry({ log, signal, isFinal: isFatal })
  let progress: Progress = { next: 0, size: 0, checkpoint: undefined }
  let published = { size: 0, checkpoint: '' }
  let publishedAt: number | undefined
  let final: string | undefined
  /** When the oldest leaf was appended that is not signed yet. */
  let waitingSince: number | undefined
  let isOpen = false

  async function open(): Promise<void> {
    isOpen = false
    progress = await worker.call('open', { journalEnd: journal.end })
    while (progress.next < progress.size) await append()
    await seal()
    isOpen = true
  }

  /** The next batch of the journal; false at its end. */
  async function append(): Promise<boolean> {
    const batch = await journal.read(progress.next)
    if (batch === undefined) return false
    progress = await worker.call('append', batch, [batch.bytes.buffer])
    waitingSince ??= performance.now()
    return true
  }

  async function seal(): Promise<void> {
    progress = await worker.call('seal', undefined)
    waitingSince = undefined
    const { size, checkpoint = '' } = progress
    if (checkpoint !== published.checkpoint && published.checkpoint !== '') publishedAt = Date.now()
    published = { size, checkpoint }
  }

  async function round(): Promise<void> {
    const hasMore = await append()
    const waitedMs = waitingSince === undefined ? undefined : performance.now() - waitingSince
    if (waitedMs === undefined) return await journal.waitBeyond(progress.next, signal)
    const isDue = waitedMs >= limits.sealGatherMs || progress.next - progress.size >= limits.sealLeavesMax
    if (isDue || (signal.aborted && !hasMore)) return await seal()
    if (!hasMore) await sleepUnlessAborted(limits.sealGatherMs - waitedMs, signal)
  }

  async function follow(): Promise<void> {
    const attempt = async (): Promise<void> => {
      // After a failure nothing in memory is believed: what is on disk and signed says where to go on.
      if (!isOpen) return await open()
      isOpen = false
      await round()
      isOpen = true
    }
    try {
      while (!signal.aborted || waitingSince !== undefined || progress.next < journal.end) {
        await retry.until('seal the journal', attempt)
        if (signal.aborted && !isOpen) return
      }
    } catch (error) {
      if (!isFatal(error)) throw error
      final = error.message
      log.fatal({ err: error }, 'the log does not agree with what was signed: nothing more is sealed')
    }
  }

  return {
    get published() {
      return published
    },
    get publishedAt() {
      return publishedAt
    },
    get lastError() {
      return final ?? retry.lastError
    },
    open,
    async addSignatures(text, lines) {
      const { size, checkpoint } = await worker.call('addSignatures', { text, lines })
      if (checkpoint !== undefined) published = { size, checkpoint }
    },
    follow
  }
}
