import { durationOf } from '../columns.ts'
import { rangeOf } from '../durations.ts'

/**
 * The range that a duration is counted in, as documents have it; of what is no duration nothing. Percentiles are
 * made of these counts, so that they are the same as on the embedded store.
 */
export function durationRange(document: Parameters<typeof durationOf>[0]): { duration_range?: number } {
  const nanoseconds = durationOf(document)
  return nanoseconds === null ? {} : { duration_range: rangeOf(nanoseconds) }
}
