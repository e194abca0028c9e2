import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client'
import type { DeadLetters } from './index/dead-letters.ts'
import type { Follower } from './index/follower.ts'
import type { Journal } from './journal/journal.ts'
import type { Space } from './space/space.ts'

export interface Metrics {
  registry: Registry
  events: Counter<'outcome'>
  rejected: Counter<'code'>
  appendSeconds: Histogram
  requestSeconds: Histogram<'method' | 'route' | 'status'>
}

/** What the service tells of itself at /metrics; docs/operations.md lists it, and a test compares. */
export function createMetrics(
  registry: Registry,
  parts: { journal: Journal; space: Space; follower: Follower; deadLetters: Pick<DeadLetters, 'count'> }
): Metrics {
  const { journal, space, follower, deadLetters } = parts
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const gauge = (name: string, help: string, value: () => number): void => {
    const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(value()) })
  }
  gauge('playtrail_journal_end', 'Records in the journal.', () => journal.end)
  gauge('playtrail_journal_bytes', 'Bytes of the journal on disk.', () => journal.size.bytes)
  gauge('playtrail_journal_segments', 'Segments of the journal.', () => journal.size.segments)
  gauge('playtrail_journal_queued_bytes', 'Bytes that wait for the disk.', () => journal.size.queuedBytes)
  gauge('playtrail_journal_full', '1 while new events are refused for want of space, else 0.', () =>
    Number(space.isFull)
  )
  gauge(
    'playtrail_disk_free_bytes',
    'Bytes that are free on the disk of the data folder.',
    () => space.freeBytes ?? Number.NaN
  )
  gauge('playtrail_index_cursor', 'Records that the index has.', () => follower.cursor ?? Number.NaN)
  gauge(
    'playtrail_index_lag_events',
    'Records that the index does not have yet.',
    () => follower.lag ?? Number.NaN
  )
  gauge(
    'playtrail_index_lag_seconds',
    'For how long the oldest record has waited that the index does not have yet.',
    () => follower.lagSeconds
  )
  gauge('playtrail_index_failing', '1 while writing to the index fails and is tried again, else 0.', () =>
    follower.lastError === undefined ? 0 : 1
  )
  gauge(
    'playtrail_dead_letters',
    'Events that the index refused; the journal keeps them.',
    () => deadLetters.count
  )
  return {
    registry,
    events: new Counter({
      name: 'playtrail_events_total',
      help: 'Events received and kept, by outcome: accepted, or duplicate of one acknowledged before.',
      labelNames: ['outcome'],
      registers
    }),
    rejected: new Counter({
      name: 'playtrail_events_rejected_total',
      help: 'Events refused and put into quarantine, by code.',
      labelNames: ['code'],
      registers
    }),
    appendSeconds: new Histogram({
      name: 'playtrail_append_seconds',
      help: 'Time from a validated batch to its events being on disk.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers
    }),
    requestSeconds: requestSeconds(registry)
  }
}

export function requestSeconds(registry: Registry): Metrics['requestSeconds'] {
  return new Histogram({
    name: 'playtrail_http_request_seconds',
    help: 'Time of a request, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers: [registry]
  })
}
