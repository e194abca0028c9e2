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

/** The order in which the events are given makes no difference; one that is given twice counts once. */
export function numbersOf(placed: readonly Placed[]): Numbers {
  return (placed[0]?.length === 2 ? ofOneJournal(placed) : undefined) ?? ofJournals(placed)
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

/** Numbers without large gaps are their own places in an array: five times as fast as to sort them. */
function ofOneJournal(placed: readonly Placed[]): Numbers | undefined {
  const last = placed.reduce((greatest, [number]) => Math.max(greatest, number), -1)
  if (last > GAPS_SHARE_MAX * placed.length) return undefined
  const records = new Float64Array(last + 1).fill(Number.POSITIVE_INFINITY)
  for (const [number, record] of placed) records[number] = Math.min(records[number] ?? record, record)
  const [missing, late] = [collectNumbers(), [] as number[]]
  let first = Number.POSITIVE_INFINITY
  for (let number = last; number >= 0; number--) {
    const record = records[number] ?? 0
    if (record > first && record !== Number.POSITIVE_INFINITY) late.push(number)
    first = Math.min(first, record)
  }
  let events = 0
  for (let number = 0; number <= last; number++) {
    if (records[number] === Number.POSITIVE_INFINITY) missing.add(number, number)
    else events++
  }
  return { events, last, missing: missing.set(), late: setOfDescending(late) }
}

const GAPS_SHARE_MAX = 4

function ofJournals(placed: readonly Placed[]): Numbers {
  const sorted = placed.toSorted(([one, first], [other, second]) => one - other || first - second)
  const numbers = sorted.filter(([number], at) => sorted[at - 1]?.[0] !== number)
  return {
    events: numbers.length,
    last: numbers.at(-1)?.[0] ?? -1,
    missing: missingIn(numbers),
    late: lateIn(numbers)
  }
}

function missingIn(numbers: readonly Placed[]): NumberSet {
  const missing = collectNumbers()
  let next = 0
  for (const [number] of numbers) {
    if (number > next) missing.add(next, number - 1)
    next = number + 1
  }
  return missing.set()
}

/** From the greatest number down: one whose record lies behind that of a greater one came late. */
function lateIn(numbers: readonly Placed[]): NumberSet {
  const firstRecords = new Map<string, number>()
  const late: number[] = []
  for (let at = numbers.length - 1; at >= 0; at--) {
    const [number, record, log = ''] = numbers[at] ?? [0, 0]
    const first = firstRecords.get(log) ?? Number.POSITIVE_INFINITY
    if (record > first) late.push(number)
    else firstRecords.set(log, record)
  }
  return setOfDescending(late)
}

function setOfDescending(numbers: readonly number[]): NumberSet {
  const set = collectNumbers()
  for (const number of numbers.toReversed()) set.add(number, number)
  return set.set()
}
