import { limits } from '../../limits.ts'
import { positionOf } from './ranges.ts'

/**
 * Numbers of events that follow one another, as do their records in the journal: `[first, last, record of the first,
 * record of the last]`. Whether a number belongs to the stretch of the one before it depends on these two alone, so
 * that the same events end in the same stretches, in whatever order they are added.
 */
export type Stretch = [first: number, last: number, firstRecord: number, lastRecord: number]

/** Stretches in order, by the count of the run and then by the journal that holds the events. */
export type Stretches = Record<string, Record<string, Stretch[]>>

/** Adds a number that is not there yet, in place. Returns false if there would be too many stretches to keep. */
export function addPlace(
  stretches: Stretches,
  { count, log, number, record }: { count: string; log: string; number: number; record: number }
): boolean {
  const ofCount = stretches[count] ?? {}
  const of = ofCount[log] ?? []
  stretches[count] = { ...ofCount, [log]: of }
  const at = positionOf(of, number)
  const [before, after] = [of[at - 1], of[at]]
  const joinsBefore = before !== undefined && before[1] + 1 === number && before[3] < record
  const joinsAfter = after !== undefined && number + 1 === after[0] && record < after[2]
  if (joinsBefore && joinsAfter) {
    of.splice(at - 1, 2, [before[0], after[1], before[2], after[3]])
  } else if (joinsBefore) of[at - 1] = [before[0], number, before[2], record]
  else if (joinsAfter) of[at] = [number, after[1], record, after[3]]
  else of.splice(at, 0, [number, number, record, record])
  return of.length <= limits.runStretchesMax
}

/** How many numbers of a count the stretches hold. */
export function sizeOfStretches(stretches: Stretches, count: string): number {
  const all = Object.values(stretches[count] ?? {}).flat()
  return all.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

/**
 * Ranges of the numbers of a count that came into their journal after a greater one; undefined if that cannot be told
 * without their records, since only a part of a stretch did.
 */
export function lateStretches(stretches: Stretches, count: string): [number, number][] | undefined {
  const late: [number, number][] = []
  for (const of of Object.values(stretches[count] ?? {})) {
    let firstRecord = Number.POSITIVE_INFINITY
    for (const [first, last, recordOfFirst, recordOfLast] of of.toReversed()) {
      if (recordOfFirst > firstRecord) late.push([first, last])
      else if (recordOfLast > firstRecord) return undefined
      firstRecord = Math.min(firstRecord, recordOfFirst)
    }
  }
  return late
}
