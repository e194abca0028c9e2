import { limits } from '../limits.ts'
import type { Range } from './ranges.ts'

/** Where an event stands: its number in its count, its record, and the journal that holds it, if there are several. */
export type Placed = readonly [number: number, record: number, log?: string]

/** A set of numbers: the first `limits.completenessRangesMax` of its ranges, how many numbers there are, and further ranges. */
export interface NumberSet {
  ranges: Range[]
  numbers: number
  rangesMore: number
}

/** What is recorded of one count of a run, which begins at 0. */
export interface Numbers {
  /** Different numbers. */
  events: number
  /** The greatest; -1 if there is none. */
  last: number
  /** Those up to `last` that are not here. */
  missing: NumberSet
  /** Those that came into their journal after a greater one. Between two journals there is no before and after. */
  late: NumberSet
}

/** The counts that a run can have: its own, what the shipper says of it, and what the server does. */
export const counts = ['run', 'shipper', 'server'] as const
export type Count = (typeof counts)[number]

/** What the index holds of a run. */
export interface Trail {
  runId: string
  /** Whether its run.started is here. */
  isStarted: boolean
  counts: Record<Count, Numbers>
}

export function collectNumbers(): { add(first: number, last: number): void; set(): NumberSet } {
  const set: NumberSet = { ranges: [], numbers: 0, rangesMore: 0 }
  let open: Range | undefined
  return {
    /** In ascending order. */
    add(first, last) {
      set.numbers += last - first + 1
      if (open !== undefined && open.last + 1 === first) {
        open.last = last
        return
      }
      open = { first, last }
      if (set.ranges.length < limits.completenessRangesMax) set.ranges.push(open)
      else set.rangesMore++
    },
    set: () => set
  }
}
