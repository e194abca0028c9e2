import { limits } from '../../../limits.ts'
import { resultStatuses } from '../../store.ts'
import type { EventFilter, HistogramBucket, HistogramInterval } from '../../summaries.ts'
import { type TimeRange, timeRange } from '../active-hours.ts'
import { DAY_US, HOUR_US } from '../tallies.ts'
import { columnsOfEvents, type Index, simplified, split, tooManyGroups, type Whole } from './counted.ts'
import { hostsCan, hoursCan, hoursWhere } from './rolled-hours.ts'

/** Intervals by their beginning, in microseconds since 1970. */
type Buckets = Map<number, { events: number; statuses: Record<string, number> }>

const MINUTE_US = 60_000_000
const lengthsUs = { minute: MINUTE_US, hour: HOUR_US, day: DAY_US, week: 7 * DAY_US }

export function findHistogram(
  index: Index,
  asked: EventFilter,
  interval: HistogramInterval
): HistogramBucket[] {
  const filter = simplified(asked)
  const buckets: Buckets = new Map()
  const range = timeRange(filter)
  const { whole, edges } = split(range, HOUR_US)
  if (interval !== 'minute' && addWhole(index, filter, interval, whole, buckets))
    addEvents(index, filter, interval, edges, buckets)
  else addEvents(index, filter, interval, [range], buckets)
  return [...buckets]
    .sort(([one], [other]) => one - other)
    .map(([start, bucket]) => ({ '@timestamp': new Date(start / 1000).toISOString(), ...bucket }))
}

/** The beginning of the interval that a time is in. */
export function intervalStart(timeUs: number, interval: HistogramInterval): number {
  const length = lengthsUs[interval]
  // The first of January 1970 was a Thursday, and weeks begin on Monday.
  const offset = interval === 'week' ? 3 * DAY_US : 0
  return Math.floor((timeUs + offset) / length) * length - offset
}

/** What the roll-ups have; false where they cannot tell. */
function addWhole(
  { db }: Index,
  filter: EventFilter,
  interval: HistogramInterval,
  whole: Whole,
  buckets: Buckets
): boolean {
  const found = hoursWhere(db, filter, whole)
  if (hoursCan(filter)) {
    found?.equal('e.status', filter.status)
    const rows = found?.asking<[number, string, number]>(
      'e.hour, e.status, sum(e.events) FROM tallies e',
      'GROUP BY e.hour, e.status'
    )
    for (const [hour, status, events] of rows?.() ?? [])
      add(buckets, intervalStart(hour * HOUR_US, interval), status, events)
    return true
  }
  if (!hostsCan(db, filter, whole, true)) return false
  const sums = [...resultStatuses, 'none'].map((status) => `sum(e.${status})`).join(', ')
  const rows = found?.asking<number[]>(`e.hour, ${sums} FROM host_tallies e`, 'GROUP BY e.hour')
  for (const [hour = 0, ...counts] of rows?.() ?? []) {
    const start = intervalStart(hour * HOUR_US, interval)
    for (const [number, events] of counts.entries()) {
      const status = resultStatuses[number] ?? ''
      if (events > 0 && (filter.status === undefined || status === filter.status))
        add(buckets, start, status, events)
    }
  }
  return true
}

function addEvents(
  index: Index,
  filter: EventFilter,
  interval: HistogramInterval,
  ranges: readonly TimeRange[],
  buckets: Buckets
): void {
  const rows = columnsOfEvents<[number, string | null]>(index, filter, ranges, 'e.timestamp, e.status')
  for (const [time, status] of rows) add(buckets, intervalStart(time, interval), status ?? '', 1)
}

function add(buckets: Buckets, start: number, status: string, events: number): void {
  const bucket = buckets.get(start) ?? { events: 0, statuses: {} }
  buckets.set(start, bucket)
  if (buckets.size > limits.groupsMax) throw tooManyGroups('intervals of time')
  bucket.events += events
  if (status !== '') bucket.statuses[status] = (bucket.statuses[status] ?? 0) + events
}
