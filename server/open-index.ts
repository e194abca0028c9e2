import type { FastifyBaseLogger } from 'fastify'
import type { Registry } from 'prom-client'
import type { Closing } from './closing.ts'
import type { Config } from './config.ts'
import type { DataFolder } from './data-folder.ts'
import { Fatal } from './errors.ts'
import { type DeadLetters, openDeadLetters } from './index/dead-letters.ts'
import { type Follower, startFollower } from './index/follower.ts'
import { createIndexMetrics } from './index/metrics.ts'
import { openStore, storeName } from './index/open-store.ts'
import { sleepUnlessAborted } from './index/retry.ts'
import type { Store } from './index/store.ts'
import type { Journal } from './journal/journal.ts'
import type { Life } from './life/life.ts'
import { limits } from './limits.ts'
import type { OwnLife } from './open-own-life.ts'
import { type RetentionWatch, watchRetention } from './retention/watch.ts'
import { watchSilence } from './silence/watch.ts'

/** What answers questions, made of the journal, and what looks into it. */
export interface Index {
  store: Store
  deadLetters: DeadLetters
  follower: Follower
}

export interface IndexOptions {
  config: Config
  folder: DataFolder
  log: FastifyBaseLogger
  registry: Registry
  journal: Journal
  ownLife: Pick<OwnLife, 'life' | 'endLife'>
  closing: Closing
}

export async function openIndex(options: IndexOptions): Promise<Index> {
  const { config, folder, log, registry, journal, ownLife, closing } = options
  const { life } = ownLife
  const observe = createIndexMetrics(registry)
  const store = await openStore({ config, folder, journalEnd: () => journal.end, log, observe })
  closing.add(() => store.close())
  const deadLetters = openDeadLetters(folder.deadLetters)
  closing.add(() => deadLetters.close())
  const follower = startFollower({
    journal,
    store,
    log,
    onRefused: (refused) => deadLetters.add(refused, storeName(config), new Date())
  })
  closing.add(() => follower.stop())
  // Behind all that puts something into the journal, so that the index gets the last record too.
  closing.add(async () => {
    await ownLife.endLife()
    await untilIndexed(follower)
  })
  if (config.silentAfter > 0) {
    const silentAfterMs = config.silentAfter * 1_000
    const silence = watchSilence({ journal, follower, store, log, silentAfterMs })
    closing.add(() => silence.stop())
  }
  const retention = openRetention(config, { life, follower, store, log })
  if (retention !== undefined) closing.add(() => retention.stop())
  return { store, deadLetters, follower }
}

/** An index that keeps up gets the last record as well; one that does not gets it after the next start. */
async function untilIndexed(follower: Follower): Promise<void> {
  const late = new AbortController()
  const indexed = follower.idle().catch(() => undefined)
  await Promise.race([indexed, sleepUnlessAborted(limits.indexEndMsMax, late.signal)])
  late.abort()
}

/** Undefined if everything is kept. */
function openRetention(
  { keepDays, keepRuns }: Config,
  parts: { life: Life; follower: Follower; store: Store; log: FastifyBaseLogger }
): RetentionWatch | undefined {
  if (keepDays === 0 && keepRuns === 0) return undefined
  const { expireSome } = parts.store
  if (expireSome === undefined)
    throw new Fatal(
      '--keep-days and --keep-runs are for the embedded store. Elasticsearch removes old events by itself: set the retention of its data stream (docs/elasticsearch.md).'
    )
  return watchRetention({ ...parts, expireSome, keepDays, keepRuns })
}
