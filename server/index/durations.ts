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
  return percentilesInOrder([...counts].sort(([one], [other]) => one - other))
}

/** The same of counts whose ranges are their places: faster where there are many. */
export function percentilesAtPlaces(counts: Uint32Array): Percentiles | undefined {
  const ranges: [range: number, count: number][] = []
  counts.forEach((count, range) => {
    if (count > 0) ranges.push([range, count])
  })
  return percentilesInOrder(ranges)
}

type Ranges = readonly (readonly [range: number, count: number])[]

function percentilesInOrder(ranges: Ranges): Percentiles | undefined {
  const total = ranges.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return undefined
  return { p50: atRank(ranges, Math.ceil(total * 0.5)), p95: atRank(ranges, Math.ceil(total * 0.95)) }
}

function atRank(ranges: Ranges, rank: number): number {
  let before = 0
  for (const [range, count] of ranges) {
    before += count
    if (before >= rank) return Math.round((2 * RATIO ** range) / (RATIO + 1))
  }
  throw new RangeError(`there is no rank ${rank} among ${before} durations`)
}
