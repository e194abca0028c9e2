import { setTimeout as sleepFor } from 'node:timers/promises'
import type { Logger } from 'pino'
import { limits } from '../limits.ts'

export interface RetryOptions {
  log: Pick<Logger, 'error'>
  /** When it is aborted, what fails is not tried again. */
  signal: AbortSignal
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined
}

export interface Retry {
  /** What failed last among all that is being tried again now. */
  readonly lastError: string | undefined
  /** The result of `attempt`, however often it takes; undefined if the signal is aborted before. */
  until<Result>(what: string, attempt: () => Promise<Result>): Promise<Result | undefined>
}

/** Tries again for ever what may succeed later, with pauses that double up to a limit. */
export function createRetry({ log, signal, sleep = sleepUnlessAborted }: RetryOptions): Retry {
  // Several attempts go on side by side: that one succeeds must not hide that another fails.
  const failing = new Map<symbol, string>()

  return {
    get lastError() {
      return [...failing.values()].at(-1)
    },
    async until(what, attempt) {
      const key = Symbol(what)
      let delayMs: number = limits.indexRetryDelayMs
      for (;;) {
        try {
          const result = await attempt()
          failing.delete(key)
          return result
        } catch (error) {
          // Behind all others: the last one is what failed last.
          failing.delete(key)
          failing.set(key, `cannot ${what}: ${error instanceof Error ? error.message : String(error)}`)
          log.error({ err: error, retryMs: delayMs }, `cannot ${what}`)
        }
        if (!signal.aborted) await sleep(delayMs, signal)
        if (signal.aborted) return undefined
        delayMs = Math.min(delayMs * 2, limits.indexRetryDelayMsMax)
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
