import type { TestContext } from 'node:test'
import type { Event } from '../../../server/event-types.ts'
import { addDuration, percentilesOf, rangeOf } from '../../../server/index/durations.ts'
import type { ResultStatus, Store } from '../../../server/index/store.ts'
import type { Percentiles } from '../../../server/index/summaries.ts'
import type { RunOfEvents } from '../fixtures.ts'

// What the tests of this folder are made of.

/** Opens an empty store for events of the journal JOURNAL_ID, and takes it away when the test is over. */
export type OpenSummaries = (t: TestContext) => Promise<Store>

export const DAY_MS = 86_400_000
/** A Thursday. */
export const START = Date.UTC(2026, 10, 5, 9, 30)
export const MONDAY = '2026-11-02T00:00:00.000Z'
export const KEY = 'a'.repeat(40)
export const OTHER_KEY = 'b'.repeat(40)

interface ResultParts {
  '@timestamp'?: string
  task?: Partial<NonNullable<NonNullable<Event['ansible']>['task']>>
  attempts?: number
  duration?: number
}

/** A result with more than a status. */
export function result(run: RunOfEvents, host: string, status: ResultStatus, more: ResultParts = {}): Event {
  const { task, attempts, duration, ...rest } = more
  const event = run.result(host, status)
  return {
    ...event,
    ...rest,
    event: { ...event.event, ...(duration !== undefined && { duration }) },
    ansible: {
      ...event.ansible,
      task: { id: 'install', name: 'install', occurrence: event.event.sequence ?? 0, ...task },
      result: { status, ...(attempts !== undefined && { attempts }) }
    }
  }
}

export function finished(
  run: RunOfEvents,
  status: 'success' | 'changed' | 'failed',
  duration: number
): Event {
  const event = run.finished(status)
  return { ...event, event: { ...event.event, duration } }
}

export function percentiles(...durations: number[]): Percentiles | undefined {
  const counts = new Map<number, number>()
  for (const duration of durations) addDuration(counts, rangeOf(duration))
  return percentilesOf(counts)
}

export const counts = (some: Partial<Record<ResultStatus, number>>) => ({
  ...{ ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 },
  ...some
})
