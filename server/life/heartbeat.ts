import type { Logger } from 'pino'
import type { Event } from '../event-types.ts'
import { sleepUnlessAborted } from '../index/retry.ts'
import { limits } from '../limits.ts'
import type { Life } from './life.ts'

export interface Heartbeat {
  stop(): Promise<void>
}

export interface HeartbeatOptions {
  life: Pick<Life, 'tell'>
  log: Pick<Logger, 'error'>
  /** How the service stands. */
  standing(): Event['service']
  now?: () => number
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Tells every hour that the service is there, and how it stands: also that nothing happened can be shown then. */
export function keepBeating(options: HeartbeatOptions): Heartbeat {
  const { life, log, standing, now = Date.now, sleep = sleepUnlessAborted } = options
  const stopping = new AbortController()
  /** Returns the pause until the next one. */
  const beat = async (): Promise<number> => {
    try {
      const service = standing()
      await life.tell(
        {
          ...{ action: 'run.heartbeat', category: 'process', type: 'info' },
          ...(service !== undefined && { fields: { service } })
        },
        { atMs: now(), isUrgent: true }
      )
      return limits.serviceHeartbeatMs
    } catch (error) {
      log.error({ err: error }, 'the heartbeat of the service could not be recorded; it is tried again')
      // An hour without one is what an auditor would ask about, and the journal is seldom overloaded for long.
      return limits.serviceHeartbeatRetryMs
    }
  }
  const beating = (async (): Promise<void> => {
    for (let pauseMs: number = limits.serviceHeartbeatMs; ; pauseMs = await beat()) {
      await sleep(pauseMs, stopping.signal)
      if (stopping.signal.aborted) return
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await beating
    }
  }
}
