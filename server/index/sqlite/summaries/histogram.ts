import { limits } from '../../../limits.ts'
import type { EventFilter, HistogramBucket, HistogramInterval } from '../../summaries.ts'
import { tooManyGroups } from '../../too-many-groups.ts'
import { type TimeRange, timeRange } from '../active-hours.ts'
import { DAY_US, HOUR_US, startOf } from '../tallies.ts'
import { columnsOfEvents, type Index, simplified, split, type Whole } from './counted.ts'
import { hostCounts, hostSums, hostsCan, hoursCan, hoursWhere, tellsStatuses } from './rolled-hours.ts'

/** Intervals by their beginning, in microseconds since 1970. */
type Buckets = Map<number, { events: number; statuses: Record<string, number> }>

const MINUTE_US = 60_000_000
const lengthsUs = { minute: MINUTE_US, hour: HOUR_US, day: DAY_US }

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
  if (interval === 'week') return startOf(timeUs, 7) * DAY_US
  const length = lengthsUs[interval]
  return Math.floor(timeUs / length) * length
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
  if (!hostsCan(filter)) return false
  const ask = found?.asking<[number, ...(number | null)[]]>(
    `e.hour, ${hostSums.join(', ')} FROM host_tallies e`,
    'GROUP BY e.hour'
  )
  const rows = [...(ask?.() ?? [])].map(([hour, ...sums]) => ({ hour, ...hostCounts(sums, filter.status) }))
  if (rows.some(({ others }) => !tellsStatuses(filter, others))) return false
  for (const { hour, events, statuses } of rows) {
    const start = intervalStart(hour * HOUR_US, interval)
    const known = statuses.reduce((sum, [, count]) => sum + count, 0)
    for (const [status, count] of [...statuses, ['', events - known] as const])
      if (count > 0) add(buckets, start, status, count)
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
