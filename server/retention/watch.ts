import type { Logger } from 'pino'
import type { Follower } from '../index/follower.ts'
import { sleepUnlessAborted } from '../index/retry.ts'
import type { Expired, Kept } from '../index/store.ts'
import type { Life } from '../life/life.ts'
import { limits } from '../limits.ts'

/** Removes from the index what is older than what is to be kept, for as long as the service runs. */
export interface RetentionWatch {
  stop(): Promise<void>
}

export interface RetentionOptions {
  life: Pick<Life, 'tell'>
  follower: Pick<Follower, 'idle'>
  expireSome(kept: Kept): Promise<Expired>
  log: Pick<Logger, 'info' | 'error'>
  /** Runs that started longer ago are removed; 0: none. */
  keepDays: number
  /** Runs beyond so many of the newest are removed; 0: none. */
  keepRuns: number
  now?: () => number
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

const DAY_MS = 86_400_000

/**
 * Looks at once, and then again and again. The journal keeps everything: an index that is made anew has all of it
 * until the first look.
 */
export function watchRetention(options: RetentionOptions): RetentionWatch {
  const { log, sleep = sleepUnlessAborted } = options
  const stopping = new AbortController()
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await removeOld(options, stopping.signal)
      } catch (error) {
        // A full disk or a failing index ends sometime, and the next look finds the same runs.
        if (!stopping.signal.aborted)
          log.error({ err: error }, 'old runs could not be removed from the index; the next look tries again')
      }
      await sleep(limits.expireIntervalMs, stopping.signal)
    }
  }
  const watching = watch()
  return {
    async stop() {
      stopping.abort()
      await watching
    }
  }
}

/** In steps, between which what is new is indexed first. */
async function removeOld(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { follower, expireSome, keepDays, keepRuns, now = Date.now } = options
  const kept: Kept = {
    fromMs: keepDays === 0 ? undefined : now() - keepDays * DAY_MS,
    runsMax: keepRuns === 0 ? undefined : keepRuns
  }
  const removed = { runs: 0, events: 0 }
  for (let isMore = true; isMore; ) {
    await Promise.race([follower.idle(), aborted(signal)])
    if (signal.aborted) break
    const step = await expireSome(kept)
    removed.events += step.events
    removed.runs += step.runs
    isMore = step.isMore
  }
  if (removed.events + removed.runs > 0) await record(options, removed)
}

/** What was removed is told where it cannot be removed from: in the journal. */
async function record(options: RetentionOptions, removed: { runs: number; events: number }): Promise<void> {
  const { life, log, keepDays, keepRuns, now = Date.now } = options
  log.info(removed, 'removed from the index what is older than what is to be kept')
  const settings = {
    ...(keepDays > 0 && { keep_days: keepDays }),
    ...(keepRuns > 0 && { keep_runs: keepRuns })
  }
  const fields = { expired: { ...removed, ...settings } }
  await life.tell({ action: 'runs.expired', type: 'info', fields }, { atMs: now() })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
