/** A set of whole numbers as ranges in order, both ends included: `[[0, 41], [43, 43]]` lacks 42. */
export type Ranges = [first: number, last: number][]

/** Adds a number in place. Returns false, and changes nothing, if it was there. */
export function addNumber(ranges: Ranges, number: number): boolean {
  const at = positionOf(ranges, number)
  const before = ranges[at - 1]
  const after = ranges[at]
  if (before !== undefined && number <= before[1]) return false
  const joinsBefore = before !== undefined && before[1] + 1 === number
  const joinsAfter = after !== undefined && number + 1 === after[0]
  if (joinsBefore && joinsAfter) {
    before[1] = after[1]
    ranges.splice(at, 1)
  } else if (joinsBefore) before[1] = number
  else if (joinsAfter) after[0] = number
  else ranges.splice(at, 0, [number, number])
  return true
}

/** The place of the first range, or of what else begins with a number and is in its order, that begins behind `number`. */
export function positionOf(
  ranges: readonly (readonly [first: number, ...number[]])[],
  number: number
): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.[0] ?? 0) <= number) low = middle + 1
    else high = middle
  }
  return low
}
