import { setTimeout as sleep } from 'node:timers/promises'
import { Transport } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import { statusOf } from './failures.ts'

/** Answers that say nothing but that there is too much to do at the moment. */
const TOO_BUSY = new Set([429, 502, 503, 504])

/** Sends a request again, after a pause that doubles, when Elasticsearch is too busy to answer it. */
export class PatientTransport extends Transport {
  override async request(...request: Parameters<Transport['request']>): Promise<never> {
    for (let tries = 1; ; tries++) {
      try {
        return (await super.request(...request)) as never
      } catch (error) {
        if (!TOO_BUSY.has(statusOf(error) ?? 0) || tries >= limits.reconcileTriesMax) throw error
        await sleep(Math.min(limits.bulkRetryDelayMs * 2 ** tries, limits.bulkRetryDelayMsMax))
      }
    }
  }
}
