import type Database from 'better-sqlite3'
import { limits } from '../../../limits.ts'
import { microsecondsOf } from '../../columns.ts'
import { nanosecondsBetween } from '../../documents.ts'
import { addDuration, type DurationCounts, percentilesOf, rangeOf } from '../../durations.ts'
import { runRates } from '../../rates.ts'
import { timeOfRunId } from '../../run-id.ts'
import { type RunStatus, runStatuses } from '../../store.ts'
import type { LastRun, PlaybookSummary, RunFilter, UserSummary } from '../../summaries.ts'
import { tooManyGroups } from '../../too-many-groups.ts'
import { runRows } from '../find-runs.ts'
import type { RunRow } from '../run-row.ts'
import type { StillWanted } from '../still-wanted.ts'
import { intervalStart } from './histogram.ts'

// Playbooks and users: both are told by runs, which are few beside events.

export function sumUpPlaybooks(
  db: Database.Database,
  filter: RunFilter,
  wanted: StillWanted
): PlaybookSummary[] {
  return groupsOf(db, filter, wanted, 'playbooks', ({ name }) => name).map(([name, sum]) => ({
    run: { name },
    ...ratesOf(sum),
    last_run: lastRun(sum.last),
    ...(sum.success && { last_success: lastRun(sum.success) }),
    ...durationOf(sum.durations),
    weeks: weeksOf(sum)
  }))
}

export function sumUpUsers(db: Database.Database, filter: RunFilter, wanted: StillWanted): UserSummary[] {
  return groupsOf(db, filter, wanted, 'users', ({ user }) => user).map(([name, sum]) => ({
    user: { name },
    ...ratesOf(sum),
    playbooks: sum.playbooks.size,
    last_run: lastRun(sum.last)
  }))
}

/** What the runs of one name come to. */
interface RunSum {
  counts: Record<RunStatus, number>
  last: RunRow
  success: RunRow | undefined
  durations: DurationCounts
  playbooks: Set<string>
  /** By their beginning, the newest first. */
  weeks: Map<number, { runs: number; failed: number; durations: DurationCounts }>
}

/** The runs are let go one after the other: there may be any number of them. */
function groupsOf(
  db: Database.Database,
  filter: RunFilter,
  wanted: StillWanted,
  what: string,
  nameOf: (row: RunRow) => string | null
): [name: string, sum: RunSum][] {
  const groups = new Map<string, RunSum>()
  for (const row of runRows(db, filter, wanted)) {
    const name = nameOf(row)
    if (name === null) continue
    const sum = groups.get(name) ?? newSum(row)
    groups.set(name, sum)
    if (groups.size > limits.groupsMax) throw tooManyGroups(what)
    addRun(sum, row)
  }
  return [...groups]
}

/** The rows come newest first. */
function newSum(last: RunRow): RunSum {
  const counts = Object.fromEntries(runStatuses.map((status) => [status, 0])) as Record<RunStatus, number>
  return {
    ...{ counts, last, success: undefined },
    ...{ durations: new Map(), playbooks: new Set(), weeks: new Map() }
  }
}

function addRun(sum: RunSum, row: RunRow): void {
  const { status, name } = row
  sum.counts[status]++
  if (status === 'success' || status === 'changed') sum.success ??= row
  if (name !== null) sum.playbooks.add(name)
  const start = intervalStart(startOf(row), 'week')
  const week = sum.weeks.get(start) ?? { runs: 0, failed: 0, durations: new Map() }
  sum.weeks.set(start, week)
  week.runs++
  if (hasFailed(row)) week.failed++
  const duration = timeTaken(row)
  if (duration === undefined) return
  addDuration(sum.durations, rangeOf(duration))
  addDuration(week.durations, rangeOf(duration))
}

function ratesOf({ counts }: RunSum): Pick<PlaybookSummary, 'runs' | 'failure_rate'> {
  return { runs: counts, ...runRates(counts) }
}

function weeksOf({ weeks }: RunSum): PlaybookSummary['weeks'] {
  return [...weeks].reverse().map(([start, { durations, ...counts }]) => ({
    '@timestamp': new Date(start / 1000).toISOString(),
    ...counts,
    ...durationOf(durations)
  }))
}

function durationOf(durations: DurationCounts): Pick<PlaybookSummary, 'duration'> {
  const duration = percentilesOf(durations)
  return duration === undefined ? {} : { duration }
}

/** In nanoseconds, as the document of the run has it. */
function timeTaken(run: RunRow): number | undefined {
  if (run.measured !== null) return run.measured
  if (run.status !== 'aborted' || run.ended === null) return undefined
  return nanosecondsBetween(run.begin ?? startOf(run), run.ended)
}

/** When it started, as its id has it, in microseconds since 1970. */
function startOf({ id }: RunRow): number {
  return microsecondsOf(timeOfRunId(id)) ?? 0
}

function hasFailed({ status }: RunRow): boolean {
  return status === 'failed' || status === 'unreachable' || status === 'aborted'
}

function lastRun({ id, name, status, user }: RunRow): LastRun {
  return {
    '@timestamp': timeOfRunId(id),
    run: { id, status, ...(name !== null && { name }) },
    ...(user !== null && { user: { name: user } })
  }
}
