import type { Logger } from 'pino'
import { SERVER_SENDER } from '../access.ts'
import type { Follower } from '../index/follower.ts'
import { sleepUnlessAborted } from '../index/retry.ts'
import type { Store } from '../index/store.ts'
import type { Journal } from '../journal/journal.ts'
import { limits } from '../limits.ts'
import { silentEvent } from './event.ts'

/** Closes runs that fell silent, for as long as the service runs. */
export interface SilenceWatch {
  stop(): Promise<void>
}

export interface SilenceOptions {
  journal: Pick<Journal, 'append' | 'id'>
  follower: Pick<Follower, 'idle'>
  store: Pick<Store, 'runs'>
  log: Pick<Logger, 'info' | 'error'>
  /** How long nothing may be heard of a run that goes on. */
  silentAfterMs: number
  now?: () => number
  /** Waits; returns early, without throwing, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * A controller that lost its power or its network cannot say so: its runs would go on for ever. This says it,
 * with an event of the server's own, which goes the way of all events. It closes a run only if silentAfter has
 * passed in which the service could have heard of it.
 */
export function watchSilence(options: SilenceOptions): SilenceWatch {
  const stopping = new AbortController()
  const watching = watch(options, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await watching
    }
  }
}

async function watch(options: SilenceOptions, signal: AbortSignal): Promise<void> {
  const { log, silentAfterMs, now = Date.now, sleep = sleepUnlessAborted } = options
  const intervalMs = Math.min(limits.silenceIntervalMs, silentAfterMs)
  let listeningSince = now()
  let lookedAt = listeningSince
  for (;;) {
    await sleep(intervalMs, signal)
    if (signal.aborted) return
    const at = now()
    // The machine slept, its clock was set forward, or the index was far behind: nobody was listening then.
    if (at - lookedAt > 2 * intervalMs) listeningSince = at
    lookedAt = at
    if (at - listeningSince < silentAfterMs) continue
    try {
      await closeSilentRuns(options, at, signal)
    } catch (error) {
      // A full disk or a failing index ends sometime, and the next look finds the same runs.
      log.error({ err: error }, 'runs that fell silent could not be closed; the next look tries again')
    }
  }
}

async function closeSilentRuns(options: SilenceOptions, at: number, signal: AbortSignal): Promise<void> {
  const { journal, follower, store, log, silentAfterMs, now = Date.now } = options
  // What the journal holds and the index does not yet would be missed.
  await Promise.race([follower.idle(), aborted(signal)])
  if (signal.aborted) return
  const asked = store.runs({
    status: 'running',
    // Where servers share an index, the one that heard of a run last closes it: two would claim the same id.
    heardBy: journal.id,
    heardBeforeMs: at - silentAfterMs,
    // The service itself has an end of its own, and says less often that it goes on.
    isWithoutService: true,
    limit: limits.silencesAtOnceMax
  })
  const page = await Promise.race([asked, aborted(signal)])
  if (page === undefined || page.items.length === 0) return
  const { items: runs } = page
  const events = runs.map((run) => silentEvent(run, at))
  const entries = events.map((event) => ({
    eventId: event.event.id,
    payload: Buffer.from(JSON.stringify(event))
  }))
  const { conflicts } = await journal.append(entries, SERVER_SENDER, now() * 1_000)
  for (const [position, { run, error }] of events.entries()) {
    const about = { run: run?.id, reason: error?.message }
    if (conflicts.includes(position)) log.error(about, 'a silent run was closed already, with other words')
    else log.info(about, 'a run fell silent and was closed')
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
