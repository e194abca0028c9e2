import { setTimeout as pause } from 'node:timers/promises'
import PQueue from 'p-queue'
import type { Logger } from 'pino'
import type { JournalReader } from '../journal/reader.ts'
import type { JournalBatch } from '../journal/record.ts'
import { limits } from '../limits.ts'
import type { Store } from './store.ts'

/** Copies the journal into the store, for as long as it is not stopped. */
export interface Follower {
  /** Everything before this index is in the store. */
  readonly cursor: number
  /** Why the last write failed; undefined as soon as one succeeds. */
  readonly lastError: string | undefined
  /** Resolves once the store has everything that is in the journal at the time of the call. */
  idle(): Promise<void>
  /** Ends after the writes under way, with the cursor in the store. */
  stop(): Promise<void>
}

export interface FollowerOptions {
  journal: JournalReader
  store: Store
  log: Pick<Logger, 'warn' | 'error'>
}

/**
 * Follows the journal from the store's cursor on. The cursor moves only over what is in the store without a
 * gap; a write that fails is tried again for ever, with growing pauses, and what was written behind it may
 * be written twice, which a store allows. Memory is bounded by the writes in flight.
 */
export async function startFollower({ journal, store, log }: FollowerOptions): Promise<Follower> {
  const stopping = new AbortController()
  const writes = new PQueue({ concurrency: limits.indexWritesInFlightMax })
  const progress = createProgress(await store.cursor())
  let lastError: string | undefined

  const standStill = (error: unknown): void => {
    lastError = String(error)
    log.error({ err: error }, 'the journal could not be read: the index stands still until the next start')
  }

  const write = async (batch: JournalBatch): Promise<void> => {
    // The store owns the bytes from the first try on: they are read again for the next.
    for (let attempt = 0, again: JournalBatch | undefined = batch; again !== undefined; attempt++) {
      try {
        for (const { index, reason } of await store.write(again))
          log.error({ index, reason }, 'the store refuses an event for good; the journal keeps it')
        progress.done(batch.first, batch.next)
        await store.moveCursor(progress.cursor)
        lastError = undefined
        return
      } catch (error) {
        lastError = error instanceof Error ? error.message : String(error)
        log.warn(
          { err: error, first: batch.first, next: batch.next, attempt },
          'the store could not be written; trying again'
        )
        again = (await waited(attempt, stopping.signal)) ? await journal.read(batch.first) : undefined
      }
    }
  }

  const follow = async (): Promise<void> => {
    for (let next = progress.cursor; !stopping.signal.aborted; ) {
      const batch = await journal.read(next)
      if (batch === undefined) {
        await journal.waitBeyond(next, stopping.signal)
        continue
      }
      await writes.onSizeLessThan(limits.indexWritesInFlightMax)
      if (stopping.signal.aborted) return
      writes.add(() => write(batch)).catch(standStill)
      next = batch.next
    }
  }
  const following = follow().catch(standStill)

  return {
    get cursor() {
      return progress.cursor
    },
    get lastError() {
      return lastError
    },
    idle: () => progress.reached(journal.end),
    async stop() {
      stopping.abort()
      await following
      await writes.onIdle()
    }
  }
}

interface Progress {
  readonly cursor: number
  done(first: number, next: number): void
  reached(index: number): Promise<void>
}

/** Joins what is done, in whatever order, to the part that is done without a gap. */
function createProgress(start: number): Progress {
  const ahead = new Map<number, number>()
  let waiting: { index: number; resolve(): void }[] = []
  let cursor = start
  return {
    get cursor() {
      return cursor
    },
    done(first, next) {
      ahead.set(first, next)
      for (let to = ahead.get(cursor); to !== undefined; to = ahead.get(cursor)) {
        ahead.delete(cursor)
        cursor = to
      }
      for (const { index, resolve } of waiting) if (index <= cursor) resolve()
      waiting = waiting.filter(({ index }) => index > cursor)
    },
    reached(index) {
      if (index <= cursor) return Promise.resolve()
      return new Promise((resolve) => {
        waiting.push({ index, resolve })
      })
    }
  }
}

/** Waits before another try; false if the follower was stopped meanwhile. */
async function waited(attempt: number, signal: AbortSignal): Promise<boolean> {
  const delay = Math.min(limits.indexRetryDelayMs * 2 ** attempt, limits.indexRetryDelayMsMax)
  await pause(delay, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}
