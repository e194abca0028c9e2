import { rangeOf } from '../durations.ts'

/**
 * The range that a duration is counted in, as documents have it; of what is no duration nothing. Percentiles are
 * made of these counts, so that they are the same as on the embedded store.
 */
export function durationRange(nanoseconds: unknown): { duration_range?: number } {
  return Number.isSafeInteger(nanoseconds) ? { duration_range: rangeOf(Number(nanoseconds)) } : {}
}
