import type { Logger } from 'pino'

/** What does not get through at the moment, told to the log as it comes and goes. */
export interface Troubles {
  /** What was noted last among all that lasts. */
  readonly latest: string | undefined
  note(about: unknown, reason: string): void
  clear(about: unknown): void
}

export function createTroubles(log: Pick<Logger, 'warn' | 'info'>): Troubles {
  const lasting = new Map<unknown, string>()
  return {
    get latest() {
      return [...lasting.values()].at(-1)
    },
    note(about, reason) {
      if (lasting.get(about) !== reason)
        log.warn({ reason }, 'writing to Elasticsearch waits, and tries again')
      // Behind all others: the last one is what was noted last.
      lasting.delete(about)
      lasting.set(about, reason)
    },
    clear(about) {
      if (lasting.delete(about) && lasting.size === 0) log.info('writing to Elasticsearch goes on')
    }
  }
}
