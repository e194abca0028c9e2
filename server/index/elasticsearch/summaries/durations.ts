import type { estypes } from '@elastic/elasticsearch'
import { addDuration, type DurationCounts, percentilesOf } from '../../durations.ts'
import type { Percentiles } from '../../summaries.ts'
import type { Buckets } from './groups.ts'

/** There are 753 ranges up to the greatest duration that an event may have. */
const RANGES_MAX = 1_000

/** How many documents have a duration in which range. */
export const byRange: estypes.AggregationsAggregationContainer = {
  terms: { field: 'playtrail.duration_range', size: RANGES_MAX }
}

export type Ranges = Buckets<{ key: number; doc_count: number }>

/** The percentiles of all of these together. */
export function durationOf(all: readonly Ranges[]): { duration?: Percentiles } {
  const counts: DurationCounts = new Map()
  for (const { buckets } of all) for (const { key, doc_count } of buckets) addDuration(counts, key, doc_count)
  const duration = percentilesOf(counts)
  return duration === undefined ? {} : { duration }
}
