import type { Run } from '../index/store.ts'
import { limits } from '../limits.ts'
import { type Count, collectNumbers, counts, type NumberSet, type Trail } from './numbers.ts'
import { type Range, sizeOf } from './ranges.ts'

export const flawKinds = [
  'missing',
  'late',
  'doubled',
  'surplus',
  'no_start',
  'lost',
  'dropped',
  'silent',
  'quarantined'
] as const
export type FlawKind = (typeof flawKinds)[number]

/** One thing that is not as a complete list has it, as it is answered. */
export interface Flaw {
  kind: FlawKind
  run?: { id: string; name?: string }
  observer?: { hostname: string }
  user?: { name: string }
  /** Name of the token that it was sent with. */
  sender?: string
  /** Which count of the run the numbers belong to. */
  count?: Count
  /** How many events. */
  events?: number
  ranges?: Range[]
  ranges_more?: number
  /** What the run said how many events it had, and how many there are. */
  said?: number
  recorded?: number
  /** Since when, or the first and the last time. */
  since?: string
  until?: string
  is_closed?: boolean
  code?: string
  message?: string
}

/** What others than its own numbers say of a run. */
export interface Remarks {
  /** What the sender gave up to keep its spool within its limits: how many events, and their numbers as far as it told. */
  dropped: { events: number; ranges: Range[] }
  /** Numbers that were used again, with other content. */
  doubled: { count: Count; number: number }[]
}

export const noRemarks: Remarks = { dropped: { events: 0, ranges: [] }, doubled: [] }

export interface Clock {
  nowMs: number
  /** How long nothing may be heard of a run that goes on; 0 if that does not matter. */
  silentAfterMs: number
}

/** What is wrong with a run. Nothing is, while it goes on and all that it has said so far is here. */
export function flawsOf(run: Run, trail: Trail, remarks: Remarks, clock: Clock): Flaw[] {
  const of = aboutRun(run)
  const flaws: Flaw[] = []
  const add = (flaw: Omit<Flaw, 'run'>): void => void flaws.push({ ...flaw, ...of })
  if (!trail.isStarted) add({ kind: 'no_start' })
  for (const count of counts) {
    const { late } = trail.counts[count]
    const missing = missingOf(run, trail, count, remarks)
    if (missing.numbers > 0) add({ kind: 'missing', count, ...shown(missing) })
    if (late.numbers > 0) add({ kind: 'late', count, ...shown(late) })
    const doubled = doubledOf(remarks, count)
    if (doubled.numbers > 0) add({ kind: 'doubled', count, ...shown(doubled) })
  }
  const { events: said, lost = 0 } = run.run
  const recorded = trail.counts.run.events
  if (said !== undefined && recorded > said) add({ kind: 'surplus', said, recorded })
  if (lost > 0) add({ kind: 'lost', events: lost })
  if (remarks.dropped.events > 0)
    add({ kind: 'dropped', ...shown(setOf(remarks.dropped.ranges)), events: remarks.dropped.events })
  const silence = silenceOf(run, clock)
  if (silence !== undefined) add(silence)
  return flaws
}

function aboutRun({ run, observer, user }: Run): Pick<Flaw, 'run' | 'observer' | 'user'> {
  return {
    run: { id: run.id, ...(run.name !== undefined && { name: run.name }) },
    ...(observer?.hostname !== undefined && { observer: { hostname: observer.hostname } }),
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

/** Of its own count also what the run said that it had, and not what its sender dropped and told of. */
function missingOf({ run }: Run, trail: Trail, count: Count, { dropped }: Remarks): NumberSet {
  const { missing, last } = trail.counts[count]
  if (count !== 'run') return missing
  const end = Math.max(last + 1, run.events ?? 0)
  const ranges = end > last + 1 ? [...missing.ranges, { first: last + 1, last: end - 1 }] : missing.ranges
  const left = setOf(without(ranges, dropped.ranges))
  return {
    ranges: left.ranges,
    numbers: left.numbers + missing.numbers - sizeOf(missing.ranges),
    rangesMore: left.rangesMore + missing.rangesMore
  }
}

function doubledOf({ doubled }: Remarks, count: Count): NumberSet {
  const numbers = doubled.filter((each) => each.count === count).map(({ number }) => number)
  return setOf(numbers.map((number) => ({ first: number, last: number })))
}

/** The numbers of ranges in any order, which may overlap. */
export function setOf(ranges: readonly Range[]): NumberSet {
  const set = collectNumbers()
  let next = 0
  for (const { first, last } of ranges.toSorted((one, other) => one.first - other.first)) {
    if (last < next) continue
    set.add(Math.max(first, next), last)
    next = last + 1
  }
  return set.set()
}

function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  const left: Range[] = []
  const sorted = others.toSorted((one, other) => one.first - other.first)
  for (const { first, last } of ranges) {
    let next = first
    for (const other of sorted) {
      if (other.last < next || other.first > last) continue
      if (other.first > next) left.push({ first: next, last: other.first - 1 })
      next = other.last + 1
    }
    if (next <= last) left.push({ first: next, last })
  }
  return left
}

/** As many of the ranges as a flaw tells, and how many more there are. */
export function shown({
  ranges,
  numbers,
  rangesMore
}: NumberSet): Pick<Flaw, 'events' | 'ranges' | 'ranges_more'> {
  const first = ranges.slice(0, limits.completenessFlawRangesMax)
  const more = ranges.length - first.length + rangesMore
  return { events: numbers, ranges: first, ...(more > 0 && { ranges_more: more }) }
}

/** Nobody said how it ended: the server closed it, or will. */
function silenceOf({ run, playtrail }: Run, { nowMs, silentAfterMs }: Clock): Flaw | undefined {
  const since = playtrail.last_heard ?? playtrail.last_ingested
  if (run.status === 'aborted' && run.reason === 'silent') return { kind: 'silent', is_closed: true, since }
  // The service says less often that it goes on, and its next start how it ended.
  if (run.kind === 'service') return undefined
  const isSilent = silentAfterMs > 0 && Date.parse(since) < nowMs - silentAfterMs
  return run.status === 'running' && isSilent ? { kind: 'silent', is_closed: false, since } : undefined
}
