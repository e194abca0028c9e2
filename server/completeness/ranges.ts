/** Numbers of events from `first` to `last`, both included. */
export interface Range {
  first: number
  last: number
}

/** Ranges that are written out; of a trail with more gaps than that, who looks closer asks for JSON. */
const RANGES_SHOWN_MAX = 10

/** What of the numbers 0 to `count` - 1 is in none of the ranges. */
export function gapsIn(ranges: readonly Range[], count: number): Range[] {
  const gaps: Range[] = []
  let next = 0
  for (const { first, last } of ranges.toSorted((one, other) => one.first - other.first)) {
    if (first >= count) break
    if (first > next) gaps.push({ first: next, last: first - 1 })
    next = Math.max(next, last + 1)
  }
  if (next < count) gaps.push({ first: next, last: count - 1 })
  return gaps
}

/** How many numbers the ranges hold. */
export function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

/** For example `3, 17–19`. */
export function rangesText(ranges: readonly Range[]): string {
  const shown = ranges
    .slice(0, RANGES_SHOWN_MAX)
    .map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`))
  return [...shown, ...(ranges.length > RANGES_SHOWN_MAX ? ['…'] : [])].join(', ')
}

/** A range as events write it, `17-19`; undefined for any other text. */
export function parseRange(text: string): Range | undefined {
  const match = /^([0-9]+)-([0-9]+)$/.exec(text)
  const [first, last] = [Number(match?.[1]), Number(match?.[2])]
  return first <= last ? { first, last } : undefined
}
