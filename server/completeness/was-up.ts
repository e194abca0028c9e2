import { parseQuery } from '../ask/query/parse.ts'
import type { EventPartQuery, Store } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { Period } from './period.ts'

/** The service tells so often that it is there, and is not late by more than a little. */
const SIGNS_APART_MS_MAX = limits.serviceHeartbeatMs + 300_000

/** What the service says of its own life, as often as it has to be said. */
const signs = ['run.started', 'run.heartbeat', 'run.finished'] as const

/**
 * The first time in the period at which nothing tells that the service was up; undefined if something always does. Where no
 * run started, that is what tells "nothing happened" from "nobody would have heard".
 */
export async function darkTime(
  store: Pick<Store, 'eventParts'>,
  period: Period,
  nowMs: number,
  signal: AbortSignal
): Promise<Period | undefined> {
  const around = { fromMs: period.fromMs - SIGNS_APART_MS_MAX, toMs: period.toMs + SIGNS_APART_MS_MAX }
  const times: number[] = []
  for (const action of signs) {
    const matching = parseQuery('event.dataset:playtrail.service', nowMs, 'events')
    const query = { ...around, action, matching, order: 'asc' as const, fields: ['@timestamp'] }
    for (let after: EventPartQuery['after']; times.length < limits.completenessRemarksMax; ) {
      const page = await store.eventParts({ ...query, limit: limits.pageItemsMax, after }, signal)
      times.push(...page.items.map((item) => Date.parse(item['@timestamp'] ?? '')))
      if (page.next === undefined) break
      after = page.next
    }
  }
  // Whoever answers is there.
  return firstHole([...times, nowMs], period)
}

/** The first part of the period that does not lie between two signs of life of which the second came in time. */
export function firstHole(times: readonly number[], { fromMs, toMs }: Period): Period | undefined {
  const sorted = times.toSorted((one, other) => one - other)
  let last = Number.NEGATIVE_INFINITY
  for (const time of [...sorted, Number.POSITIVE_INFINITY]) {
    const isHole = time - last > SIGNS_APART_MS_MAX
    // A moment at the end is no time in which anything could have been missed.
    if (isHole && time > fromMs && last < toMs - 1)
      return { fromMs: Math.max(last, fromMs), toMs: Math.min(time, toMs) }
    last = time
  }
  return undefined
}
