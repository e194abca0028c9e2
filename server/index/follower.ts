import PQueue from 'p-queue'
import type { Logger } from 'pino'
import type { JournalReader } from '../journal/reader.ts'
import type { JournalBatch } from '../journal/record.ts'
import { limits } from '../limits.ts'
import { createProgress, type Progress, type Range } from './progress.ts'
import { createRetry, type Retry, type RetryOptions } from './retry.ts'
import type { Refused, Store } from './store.ts'

/** Copies the journal into a store, for as long as the service runs. */
export interface Follower {
  /** Everything of the journal before this index is in the store. */
  readonly cursor: number
  /** What fails at the moment, and is being tried again. */
  readonly lastError: string | undefined
  /** Resolves when all that the journal holds now is in the store. Rejects if the follower stops before. */
  idle(): Promise<void>
  /** Ends what is under way, without trying again what fails. */
  stop(): Promise<void>
}

export interface FollowerOptions extends Pick<RetryOptions, 'sleep'> {
  journal: JournalReader
  store: Store
  log: Pick<Logger, 'error' | 'warn'>
  /** Told of each event that the store can never hold, before the cursor passes it; after a failure perhaps again. */
  onRefused?: (refused: Refused) => void | Promise<void>
}

/**
 * Starts where the store's cursor stands. What fails is tried again for ever; the cursor waits for it, while
 * the batches behind it go on as long as they succeed. So whatever ends the process leaves nothing out: what
 * was written beyond the cursor is written again, which changes nothing.
 */
export async function startFollower(options: FollowerOptions): Promise<Follower> {
  const { journal, store, log, sleep } = options
  const stopping = new AbortController()
  const retry = createRetry({ log, signal: stopping.signal, sleep })
  const progress = createProgress(await store.cursor())
  const following = follow(options, progress, retry, stopping.signal)

  return {
    get cursor() {
      return progress.cursor
    },
    get lastError() {
      return retry.lastError
    },
    idle: () => progress.reached(journal.end),
    async stop() {
      stopping.abort()
      await following
      progress.giveUp(new Error('the follower has stopped'))
    }
  }
}

async function follow(
  options: FollowerOptions,
  progress: Progress,
  retry: Retry,
  signal: AbortSignal
): Promise<void> {
  const { journal, store } = options
  const writes = new PQueue({ concurrency: limits.indexWritesInFlightMax })
  const saveCursor = cursorSaver(store, progress)
  let position = progress.cursor

  while (!signal.aborted) {
    // One batch waits beside those that are being written; all others wait in the journal.
    await writes.onSizeLessThan(1)
    const batch = await retry.until('read the journal', () => journal.read(position))
    if (batch === undefined) {
      await journal.waitBeyond(position, signal)
      continue
    }
    // Without the bytes, which must not stay in memory while the cursor waits for an earlier batch.
    const range: Range = { first: batch.first, next: batch.next }
    progress.begin(range)
    position = range.next
    // Never rejects: what goes wrong is tried again until the follower stops.
    void writes.add(async () => {
      if (!(await copyRange(options, retry, range, batch))) return
      progress.done(range)
      await retry.until('save the cursor of the index', saveCursor)
    })
  }
  await writes.onIdle()
}

/** Brings a range into the store, and returns true; or false if the follower stops before that succeeds. */
async function copyRange(
  options: FollowerOptions,
  retry: Retry,
  range: Range,
  batch: JournalBatch
): Promise<boolean> {
  let unwritten: JournalBatch | undefined = batch
  let position = range.first
  while (position < range.next) {
    const next = await retry.until('write to the index', async () => {
      // A batch that was handed over once is no longer ours, so it is read again. It may end elsewhere then,
      // since the journal has grown.
      const taken: JournalBatch | undefined = unwritten ?? (await options.journal.read(position))
      unwritten = undefined
      if (taken === undefined) throw new Error(`the journal no longer has record ${position}`)
      await writeBatch(options, taken, range)
      return taken.next
    })
    if (next === undefined) return false
    position = next
  }
  return true
}

async function writeBatch(
  { store, log, onRefused }: FollowerOptions,
  batch: JournalBatch,
  range: Range
): Promise<void> {
  for (const refused of await store.write(batch)) {
    // Those behind the range are told by the range that they are in.
    if (refused.index >= range.next) continue
    log.warn({ ...refused }, 'the index refused an event, which stays in the journal')
    await onRefused?.(refused)
  }
}

/** Saves the cursor as it stands, unless that was done already; one call waits for the other. */
function cursorSaver(store: Store, progress: Progress): () => Promise<void> {
  const saves = new PQueue({ concurrency: 1 })
  let saved = progress.cursor
  return () =>
    saves.add(async () => {
      const { cursor } = progress
      if (cursor === saved) return
      await store.moveCursor(cursor)
      saved = cursor
    })
}
