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
  const beat = async (): Promise<void> => {
    try {
      const service = standing()
      await life.tell(
        {
          ...{ action: 'run.heartbeat', category: 'process', type: 'info' },
          ...(service !== undefined && { fields: { service } })
        },
        { atMs: now(), isUrgent: true }
      )
    } catch (error) {
      log.error(
        { err: error },
        'the heartbeat of the service could not be recorded; the next one is tried in an hour'
      )
    }
  }
  const beating = (async (): Promise<void> => {
    for (;;) {
      await sleep(limits.serviceHeartbeatMs, stopping.signal)
      if (stopping.signal.aborted) return
      await beat()
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await beating
    }
  }
}
