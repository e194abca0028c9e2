import { limits } from '../../../limits.ts'
import type { EventFilter, HistogramBucket, HistogramInterval } from '../../summaries.ts'
import { eventConditions } from '../event-conditions.ts'
import type { Asking } from '../search.ts'
import { countsOf, type Source, tooManyGroups } from './groups.ts'

type Part = { start: number; result: string | null; run: string | null }

export async function findHistogram(
  asking: Asking,
  filter: EventFilter,
  interval: HistogramInterval
): Promise<HistogramBucket[]> {
  const buckets = new Map<number, { events: number; statuses: Record<string, number> }>()
  const parts = countsOf<Part>(asking, asking.names.events, eventConditions(filter).clauses, {
    start: { date_histogram: { field: '@timestamp', calendar_interval: interval } },
    result: valueOrNone('ansible.result.status'),
    run: valueOrNone('run.status')
  })
  for await (const { key, doc_count } of parts) {
    const bucket = buckets.get(key.start) ?? { events: 0, statuses: {} }
    if (buckets.size === limits.groupsMax && !buckets.has(key.start)) throw tooManyGroups('intervals of time')
    buckets.set(key.start, bucket)
    bucket.events += doc_count
    const status = key.result ?? key.run
    if (status !== null) bucket.statuses[status] = (bucket.statuses[status] ?? 0) + doc_count
  }
  // They come in the order of time.
  return [...buckets].map(([start, bucket]) => ({ '@timestamp': new Date(start).toISOString(), ...bucket }))
}

/** null where there is none. */
function valueOrNone(field: string): Source {
  return { terms: { field, missing_bucket: true } }
}
