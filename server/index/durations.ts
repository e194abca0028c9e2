import type { Percentiles } from './summaries.ts'

// Counts of durations by ranges whose ends have a constant ratio, as in DDSketch (Masson, Rim, Lee: "DDSketch: a
// fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019): range n holds what is
// above RATIO^(n-1) and not above RATIO^n. Counts of two sets add up to those of both, in any order.

const RATIO = 1.05
const LOG_RATIO = Math.log(RATIO)

/** How many durations fall into each range, by the range's number. */
export type DurationCounts = Map<number, number>

/** More than there are: the last one that a whole number of JSON falls into is 753. */
export const RANGES = 768

/** The range of a duration in nanoseconds; what is below 1 ns is taken for that. */
export function rangeOf(nanoseconds: number): number {
  return Math.ceil(Math.log(Math.max(1, nanoseconds)) / LOG_RATIO)
}

export function addDuration(counts: DurationCounts, range: number, count = 1): void {
  counts.set(range, (counts.get(range) ?? 0) + count)
}

/** Undefined if there are no durations. */
export function percentilesOf(counts: DurationCounts): Percentiles | undefined {
  const places = new Uint32Array(RANGES)
  for (const [range, count] of counts) places[range] = count
  return percentilesAtPlaces(places)
}

/** The same of counts whose ranges are their places, which is faster where there are many. */
export function percentilesAtPlaces(counts: Uint32Array): Percentiles | undefined {
  // An iterator over an array of numbers takes many times as long as this.
  let total = 0
  for (let range = 0; range < counts.length; range++) total += counts[range] ?? 0
  if (total === 0) return undefined
  return { p50: atRank(counts, Math.ceil(total * 0.5)), p95: atRank(counts, Math.ceil(total * 0.95)) }
}

function atRank(counts: Uint32Array, rank: number): number {
  let before = 0
  for (let range = 0; range < counts.length; range++) {
    before += counts[range] ?? 0
    if (before >= rank) return Math.round((2 * RATIO ** range) / (RATIO + 1))
  }
  throw new RangeError(`there is no rank ${rank} among ${before} durations`)
}
