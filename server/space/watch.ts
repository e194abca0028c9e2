import type { Logger } from 'pino'
import { diskFullCode } from '../data-folder.ts'
import { Problem } from '../errors.ts'
import { sleepUnlessAborted } from '../index/retry.ts'
import type { Life } from '../life/life.ts'
import { limits } from '../limits.ts'
import type { Reserve } from './reserve.ts'
import type { Space } from './space.ts'

/** Looks how much of the disk is free, for as long as the service runs. */
export interface SpaceWatch {
  stop(): Promise<void>
}

export interface SpaceOptions {
  space: Space
  reserve: Reserve
  life: Pick<Life, 'tell'>
  log: Pick<Logger, 'info' | 'error' | 'warn'>
  /** Bytes that are free on the disk of the data folder. */
  freeBytes(): Promise<number>
  now?: () => number
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * Stops taking new events before the disk is full, and says so in the journal, for which a reserve is given up where nothing else is
 * left; takes them again when there is room, also for the reserve. Resolves when the disk was looked at.
 */
export async function watchSpace(options: SpaceOptions): Promise<SpaceWatch> {
  const { log, sleep = sleepUnlessAborted } = options
  const stopping = new AbortController()
  const look = lookAtSpace(options)
  const lookOrLog = async (): Promise<void> => {
    try {
      await look()
    } catch (error) {
      log.error({ err: error }, 'the space on the disk could not be looked at; the next look tries again')
    }
  }
  const watch = async (): Promise<void> => {
    for (;;) {
      await sleep(limits.spaceLookMs, stopping.signal)
      if (stopping.signal.aborted) return
      await lookOrLog()
    }
  }
  await lookOrLog()
  const watching = watch()
  return {
    async stop() {
      stopping.abort()
      await watching
    }
  }
}

function lookAtSpace(options: SpaceOptions): () => Promise<void> {
  const { space, reserve, life, log, freeBytes, now = Date.now } = options
  /** Since when it is full, once that is in the journal. */
  let fullSince: string | undefined
  let hasReserve = false

  const recordFull = async (): Promise<void> => {
    const options = { atMs: now(), isUrgent: true }
    const message = space.describe()
    const fields = { journal: { free_bytes: space.freeBytes ?? 0 }, error: { message } }
    const happened = { action: 'journal.full', type: 'error', fields } as const
    log.error({ free_bytes: space.freeBytes }, `${message} New events are refused until there is space.`)
    try {
      await life.tell(happened, options)
    } catch (error) {
      if (!isFull(error)) throw error
      hasReserve = false
      reserve.release()
      await life.tell(happened, options)
    }
    fullSince = new Date(options.atMs).toISOString()
  }

  const resume = async (start: string): Promise<void> => {
    const atMs = now()
    const end = new Date(atMs).toISOString()
    const counted = { free_bytes: space.freeBytes ?? 0, refused_events: space.refusedEvents }
    const happened = {
      action: 'journal.resumed',
      type: 'info',
      start,
      end,
      fields: { journal: counted }
    } as const
    await life.tell(happened, { atMs, isUrgent: true })
    space.resume()
    fullSince = undefined
    log.info(counted, 'there is space again: new events are taken')
  }

  return async () => {
    space.freeBytes = await freeBytes()
    if (space.isBelowReserve) space.onFull()
    if (!space.isFull) {
      hasReserve ||= reserve.make()
      // A disk that has no room for the reserve is full, whatever it calls free.
      if (!hasReserve) space.onFull()
    }
    if (!space.isFull) return
    if (fullSince === undefined) await recordFull()
    // With some space beyond the limit, so that it does not flutter.
    else if (space.hasBeyond(2 * limits.reserveBytes)) {
      hasReserve ||= reserve.make()
      if (hasReserve) await resume(fullSince)
    }
  }
}

/** The life of the service keeps a file beside the journal, for which there has to be room as well. */
function isFull(error: unknown): boolean {
  return (error instanceof Problem && error.code === 'journal_full') || diskFullCode(error) !== undefined
}
