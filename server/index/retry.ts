import { setTimeout as sleepFor } from 'node:timers/promises'
import type { Logger } from 'pino'
import { limits } from '../limits.ts'

export interface RetryOptions {
  log: Pick<Logger, 'error'>
  /** When it is aborted, what fails is not tried again. */
  signal: AbortSignal
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined
  /** Tells an error that trying again does not help against: `until` rejects with it. */
  isFinal?: (error: unknown) => boolean
}

export interface Retry {
  /** What failed last among all that is being tried again now. */
  readonly lastError: string | undefined
  /**
   * The result of `attempt`, however often it takes; undefined if the signal, or the one given here, is aborted
   * before. Rejects with an error that is final.
   */
  until<Result>(what: string, attempt: () => Promise<Result>, end?: AbortSignal): Promise<Result | undefined>
}

/** Tries again for ever what may succeed later, with pauses that double up to a limit. */
export function createRetry(options: RetryOptions): Retry {
  const { log, signal, sleep = sleepUnlessAborted, isFinal = () => false } = options
  // Several attempts go on side by side: that one succeeds must not hide that another fails.
  const failing = new Map<symbol, string>()

  return {
    get lastError() {
      return [...failing.values()].at(-1)
    },
    async until(what, attempt, end = signal) {
      const key = Symbol(what)
      const failed = (error: unknown, retryMs: number): void => {
        // Behind all others: the last one is what failed last.
        failing.delete(key)
        failing.set(key, `cannot ${what}: ${error instanceof Error ? error.message : String(error)}`)
        log.error({ err: error, retryMs }, `cannot ${what}`)
      }
      try {
        for (let delayMs = limits.indexRetryDelayMs as number; ; delayMs *= 2) {
          try {
            return await attempt()
          } catch (error) {
            if (isFinal(error)) throw error
            if (end.aborted) return undefined
            const retryMs = Math.min(delayMs, limits.indexRetryDelayMsMax)
            failed(error, retryMs)
            await sleep(retryMs, end)
          }
          if (end.aborted) return undefined
        }
      } finally {
        failing.delete(key)
      }
    }
  }
}

/** Waits; returns early, without throwing, when the signal is aborted. */
export async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleepFor(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
