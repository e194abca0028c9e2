import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { openAccess, readTokens } from './access.ts'
import { openAnchors } from './anchors/open-anchors.ts'
import { buildApp } from './app.ts'
import { type Config, isLoopback } from './config.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { Fatal } from './errors.ts'
import { openDeadLetters } from './index/dead-letters.ts'
import { type Follower, startFollower } from './index/follower.ts'
import { createIndexMetrics } from './index/metrics.ts'
import { openStore, storeName } from './index/open-store.ts'
import { sleepUnlessAborted } from './index/retry.ts'
import type { Store } from './index/store.ts'
import { type Journal, openJournal } from './journal/journal.ts'
import { keepBeating } from './life/heartbeat.ts'
import { type Life, openLife } from './life/life.ts'
import { openMemory } from './life/memory.ts'
import { recordRefusals } from './life/refusals.ts'
import { standingOf } from './life/standing.ts'
import { recordTokens } from './life/tokens.ts'
import { limits } from './limits.ts'
import { closeApp, explainListening, urlOf } from './listening.ts'
import { recordConflicts } from './receive/conflicts.ts'
import { openQuarantine } from './receive/quarantine.ts'
import { type RetentionWatch, watchRetention } from './retention/watch.ts'
import { logFolders, type OpenedKeys, openLogKeys, sealedEnd } from './seal/open-log.ts'
import { type Sealer, startSealer } from './seal/sealer.ts'
import { watchSilence } from './silence/watch.ts'
import { reserveIn } from './space/reserve.ts'
import { freeBytesOf, Space } from './space/space.ts'
import { watchSpace } from './space/watch.ts'

/** A running service. */
export interface Service {
  /** For example `http://127.0.0.1:8470`. */
  url: string
  folder: DataFolder
  journal: Journal
  logKeys: OpenedKeys
  sealer: Sealer
  life: Life
  follower: Follower
  app: FastifyInstance
  /** Takes no more requests, ends the open ones, and leaves everything on disk. `failure` says why, if it is no stop that somebody wants. */
  stop(failure?: string): Promise<void>
}

/**
 * Opens the data folder, recovers the journal, starts sealer and follower, and listens. Throws Fatal, with what
 * to do, if the folder is damaged, if the journal is not the one that was sealed, if the folder is newer, not writable or in use, or if the address needs tokens and there are
 * none. `onBroken` is told when the disk can no longer be believed: the process has to end.
 */
export async function startService(
  config: Config,
  log: FastifyBaseLogger,
  onBroken: (error: unknown) => void
): Promise<Service> {
  const folder = openDataFolder(config.dataDir, { create: true })
  checkExposure(config, folder)

  /** Why the service ends, if it should not. */
  let failure: string | undefined
  const opened: Part[] = []
  /** What tells of the service, which ends before its life does: that is the journal's last record. */
  const telling: Part[] = []
  const closeAll = (): Promise<void> => closeInReverse(opened)
  try {
    const space = new Space(config.diskReserve * 1024 * 1024)
    const sealedBefore = sealedEnd(folder)
    const journal = await openJournal(folder, { onBroken, room: space, durableEnd: sealedBefore })
    opened.push(journal)
    if (journal.cutBytes > 0)
      log.warn(
        { bytes: journal.cutBytes },
        'cut a torn tail off the journal: bytes that were never acknowledged'
      )
    const logKeys = openLogKeys(folder, config.logOrigin)
    if (logKeys.isNew && journal.end > 0)
      log.warn(
        { records: journal.end, origin: logKeys.origin },
        'a new log begins, of a journal that has records already: if there was a log before, somebody removed it'
      )
    // They may know that this is not the newest history, before anything is signed.
    const { anchored, start: startAnchors } = await openAnchors({ config, folder, journal, logKeys, log })
    const sealer = await startSealer({ journal, folders: logFolders(folder), anchored, log })
    opened.push({ close: () => sealer.stop() })
    const anchors = startAnchors(sealer)
    opened.push({ close: () => anchors.stop() })
    const memory = openMemory(folder.life)
    let indexCursor = (): number | undefined => undefined
    const standing = standingOf({
      ...{ config, journal, space, sealer, logOrigin: logKeys.origin, tokensFile: folder.tokens },
      indexCursor: () => indexCursor()
    })
    const life = await openLife({ journal, memory, log, standing, sealedEnd: sealedBefore })
    telling.push({ close: () => life.end(failure) })
    // Where the start fails before there is an index.
    opened.push({ close: () => closeInReverse(telling) })
    await life.begin()
    const spaceWatch = await watchSpace({
      space,
      reserve: reserveIn(folder.reserve),
      life,
      log,
      freeBytes: () => freeBytesOf(folder.path)
    })
    telling.push({ close: () => spaceWatch.stop() })
    const quarantine = await openQuarantine(folder.quarantine, space)
    opened.push(quarantine)
    const conflicts = recordConflicts({ journal, life, log })
    telling.push({ close: () => conflicts.close() })
    const refusals = recordRefusals({ life, log })
    telling.push({ close: () => refusals.close() })
    const tokens = await recordTokens({ life, memory, journal, log })
    telling.push({ close: () => tokens.stop() })
    const registry = new Registry()
    const observe = createIndexMetrics(registry)
    const store = await openStore({ config, folder, journalEnd: () => journal.end, log, observe })
    opened.push(store)
    const deadLetters = openDeadLetters(folder.deadLetters)
    opened.push({ close: async () => deadLetters.close() })
    const follower = startFollower({
      journal,
      store,
      log,
      onRefused: (refused) => deadLetters.add(refused, storeName(config), new Date())
    })
    indexCursor = () => follower.cursor
    opened.push({ close: () => follower.stop() })
    opened.push({
      async close() {
        await closeInReverse(telling)
        await untilIndexed(follower)
      }
    })
    const heartbeat = keepBeating({ life, log, standing })
    opened.push({ close: () => heartbeat.stop() })
    if (config.silentAfter > 0) {
      const silentAfterMs = config.silentAfter * 1_000
      const silence = watchSilence({ journal, follower, store, log, silentAfterMs })
      opened.push({ close: () => silence.stop() })
    }
    const retention = openRetention(config, { life, follower, store, log })
    if (retention !== undefined) opened.push({ close: () => retention.stop() })
    const access = openAccess(folder.tokens, {
      isLoopback: isLoopback(config.listen.host),
      observer: tokens
    })
    // Also that all are gone, if their file is.
    tokens.onRead(access.tokens() ?? [])
    tokens.watch(() => access.tokens())
    const app = await buildApp({
      access,
      refusals,
      quarantine,
      quarantineFolder: folder.quarantine,
      conflicts,
      space,
      journal,
      follower,
      store,
      deadLetters,
      silentAfterMs: config.silentAfter * 1_000,
      sealer,
      anchors,
      vkeys: logKeys.vkeys,
      logFolder: folder.logFolder,
      registry,
      log
    })
    opened.push({ close: () => closeApp(app) })
    await app.listen({ host: config.listen.host, port: config.listen.port })
    const stop = (reason?: string): Promise<void> => {
      failure = reason
      return closeAll()
    }
    return { url: urlOf(app), folder, journal, logKeys, sealer, life, follower, app, stop }
  } catch (error) {
    failure = 'The service could not start; its own log says why.'
    // What went wrong first is what the operator has to know.
    await closeAll().catch(() => undefined)
    throw explainListening(error, config.listen)
  }
}

interface Part {
  close(): Promise<unknown>
}

/**
 * In the reverse order of opening: what follows the journal ends before it. The journal is closed whatever the others do. What was
 * closed is not closed again.
 */
async function closeInReverse(parts: Part[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts.splice(0).reverse()) {
    try {
      await part.close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
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

function checkExposure(config: Config, folder: DataFolder): void {
  if (isLoopback(config.listen.host) || readTokens(folder.tokens).length > 0) return
  throw new Fatal(
    `${config.listen.host} can be reached from other machines, and there are no tokens yet: everybody could write and read. ` +
      'Make them first, for example:\n' +
      '  playtrail token create --role sender --name ansible\n' +
      '  playtrail token create --role reader --name me\n' +
      'or listen on 127.0.0.1.'
  )
}
