import { parseQuery } from '../ask/query/parse.ts'
import type { EventPartQuery, Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { Period } from './period.ts'

/** The service tells so often that it is there, and is not late by more than a little. */
const SIGNS_APART_MS_MAX = limits.serviceHeartbeatMs + 300_000

interface Service {
  store: Pick<Store, 'eventParts'>
  /** The identity of its journal: in a shared index other services tell of themselves, too. */
  log: string
  nowMs: number
}

/**
 * The first time in the period at which nothing tells that this service was up; undefined if something always does. Where no
 * run started, that is what tells "nothing happened" from "nobody would have heard".
 */
export function darkTime(service: Service, period: Period, signal: AbortSignal): Promise<Period | undefined> {
  return firstHole(signsOfLife(service, period, signal), period)
}

/** In order, and no more of them at once than fit on a page: a year has nine thousand. */
async function* signsOfLife(
  { store, log, nowMs }: Service,
  { fromMs, toMs }: Period,
  signal: AbortSignal
): AsyncGenerator<number, void, undefined> {
  const text = `event.dataset:playtrail.service AND playtrail.log:"${log}" AND event.action:(run.started OR run.heartbeat OR run.finished)`
  const query: Omit<EventPartQuery, 'limit'> = {
    fromMs: fromMs - SIGNS_APART_MS_MAX,
    toMs: Math.min(toMs + SIGNS_APART_MS_MAX, nowMs),
    matching: parseQuery(text, nowMs, 'events'),
    ...{ order: 'asc', fields: ['@timestamp'] }
  }
  for (let after: EventPartQuery['after']; ; ) {
    const page = await store.eventParts({ ...query, limit: limits.pageItemsMax, after }, signal)
    for (const item of page.items) yield Date.parse(item['@timestamp'] ?? '')
    if (page.next === undefined) break
    after = page.next
  }
  // Whoever answers is there.
  yield nowMs
}

/** The first part of the period that does not lie between two signs of life of which the second came in time. */
export async function firstHole(
  timesInOrder: AsyncIterable<number> | Iterable<number>,
  { fromMs, toMs }: Period
): Promise<Period | undefined> {
  let last = Number.NEGATIVE_INFINITY
  const holeBefore = (time: number): Period | undefined => {
    const isHole = time - last > SIGNS_APART_MS_MAX
    // A moment at the end is no time in which anything could have been missed.
    if (!isHole || time <= fromMs || last >= toMs - 1) return undefined
    return { fromMs: Math.max(last, fromMs), toMs: Math.min(time, toMs) }
  }
  for await (const time of timesInOrder) {
    const hole = holeBefore(time)
    if (hole !== undefined) return hole
    last = time
  }
  return holeBefore(Number.POSITIVE_INFINITY)
}
