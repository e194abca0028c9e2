import PQueue from 'p-queue'
import type { Logger } from 'pino'
import type { JournalReader } from '../journal/reader.ts'
import { firstReceivedAt, type JournalBatch } from '../journal/record.ts'
import { limits } from '../limits.ts'
import { createProgress, type Progress, type Range } from './progress.ts'
import { createRetry, type Retry, type RetryOptions } from './retry.ts'
import { IndexReplaced, type Refused, type Store } from './store.ts'

/** Copies the journal into a store, for as long as the service runs. */
export interface Follower {
  /** Everything of the journal before this index is in the store; undefined until the store could be asked. */
  readonly cursor: number | undefined
  /** Records that the store does not have yet; undefined until the store could be asked. */
  readonly lag: number | undefined
  /** For how long the oldest of them has waited, in seconds; 0 if there is none. */
  readonly lagSeconds: number
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
  /**
   * Told of the events that the store can never hold, before the cursor passes them; after a failure perhaps
   * again. The cursor waits until it succeeds.
   */
  onRefused?: (refused: readonly Refused[]) => void | Promise<void>
}

/**
 * Starts where the store's cursor stands. What fails is tried again for ever; the cursor waits for it, while
 * the batches behind it go on as long as they succeed. So whatever ends the process leaves nothing out: what
 * was written beyond the cursor is written again, which changes nothing.
 */
export function startFollower(options: FollowerOptions): Follower {
  const { journal, store, log, sleep } = options
  const stopping = new AbortController()
  const cutting = new AbortController()
  const retry = createRetry({ log, signal: stopping.signal, sleep, isFinal: isReplaced })
  const progress = createProgress()
  const following = followAll({ options, progress, retry, cut: cutting.signal }, stopping.signal)

  return {
    get cursor() {
      return progress.cursor
    },
    get lag() {
      return progress.cursor === undefined ? undefined : journal.end - progress.cursor
    },
    get lagSeconds() {
      const { oldest } = progress
      return oldest === undefined ? 0 : Math.max(0, Date.now() / 1_000 - oldest.receivedAt / 1_000_000)
    },
    get lastError() {
      return retry.lastError ?? store.trouble
    },
    idle: () => progress.reached(journal.end),
    async stop() {
      stopping.abort()
      const late = setTimeout(() => cutting.abort(), limits.requestsEndMsMax)
      await following
      clearTimeout(late)
      progress.giveUp(new Error('the follower has stopped'))
    }
  }
}

/** Follows the index in use, until the follower stops; where another index takes its place, that one. */
async function followAll(common: Common, stopping: AbortSignal): Promise<void> {
  const { options, progress, retry } = common
  while (!stopping.aborted) {
    const cursor = await retry.until('read the cursor of the index', () =>
      Promise.race([options.store.cursor(), rejectedBy(stopping)])
    )
    if (cursor === undefined) return
    progress.begin(cursor)
    const replaced = new AbortController()
    const signal = AbortSignal.any([stopping, replaced.signal, options.store.replaced])
    await follow({ ...common, signal, onReplaced: () => replaced.abort() }, cursor)
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('the follower has stopped'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function isReplaced(error: unknown): boolean {
  return error instanceof IndexReplaced
}

interface Common {
  options: FollowerOptions
  progress: Progress
  retry: Retry
  /** Cuts off what the end of the follower would wait for too long. */
  cut: AbortSignal
}

/** One index that is followed. `signal` ends that, `onReplaced` is told when another has taken its place. */
interface Following extends Common {
  signal: AbortSignal
  onReplaced(): void
}

async function follow(following: Following, cursor: number): Promise<void> {
  const { options, progress, retry, signal, cut, onReplaced } = following
  const { journal, store, log } = options
  const writes = new PQueue({ concurrency: store.writesAtOnce })
  const saveCursor = cursorSaver(store, progress, cursor, cut)
  let position = cursor

  while (!signal.aborted) {
    // One batch waits beside those that are being written; all others wait in the journal.
    await writes.onSizeLessThan(1)
    const batch = await retry.until('read the journal', () => journal.read(position), signal)
    if (batch === undefined) {
      await journal.waitBeyond(position, signal)
      continue
    }
    // Without the bytes, which must not stay in memory while the cursor waits for an earlier batch.
    const range: Range = { first: batch.first, next: batch.next, receivedAt: firstReceivedAt(batch) }
    progress.add(range)
    position = range.next
    // Never rejects: what goes wrong is tried again until the follower stops, or there is another index.
    void writes.add(async () => {
      try {
        if (!(await copyRange(following, range, batch))) return
        progress.done(range)
        await retry.until('save the cursor of the index', saveCursor, signal)
      } catch (error) {
        log.warn({ reason: String(error) }, 'going on where the index that is there now ends')
        onReplaced()
      }
    })
  }
  await writes.onIdle()
}

/** Brings a range into the store, and returns true; or false if the follower stops before that succeeds. */
async function copyRange(
  { options, retry, signal }: Following,
  range: Range,
  batch: JournalBatch
): Promise<boolean> {
  let unwritten: JournalBatch | undefined = batch
  let position = range.first
  while (position < range.next && !signal.aborted) {
    const attempt = async (): Promise<number> => {
      // A batch that was handed over once is no longer ours, so it is read again. It may end elsewhere then,
      // since the journal has grown.
      const taken: JournalBatch | undefined = unwritten ?? (await options.journal.read(position))
      unwritten = undefined
      if (taken === undefined) throw new Error(`the journal no longer has record ${position}`)
      await writeBatch(options, taken, range, signal)
      return taken.next
    }
    const next = await retry.until('write to the index', attempt, signal)
    if (next === undefined) return false
    position = next
  }
  return position >= range.next
}

async function writeBatch(
  { store, log, onRefused }: FollowerOptions,
  batch: JournalBatch,
  range: Range,
  signal: AbortSignal
): Promise<void> {
  // Those behind the range are told by the range that they are in.
  const refused = (await store.write(batch, signal)).filter(({ index }) => index < range.next)
  if (refused.length === 0) return
  for (const one of refused) log.warn({ ...one }, 'the index refused an event, which stays in the journal')
  await onRefused?.(refused)
}

/** Saves the cursor as it stands, unless that was done already; one call waits for the other. */
function cursorSaver(store: Store, progress: Progress, start: number, cut: AbortSignal): () => Promise<void> {
  const saves = new PQueue({ concurrency: 1 })
  let saved = start
  return () =>
    saves.add(async () => {
      const { cursor } = progress
      if (cursor === undefined || cursor === saved) return
      await store.moveCursor(cursor, cut)
      saved = cursor
    })
}
