import type Database from 'better-sqlite3'
import { limits } from '../../../limits.ts'
import { microsecondsOf } from '../../columns.ts'
import { addDuration, type DurationCounts, percentilesOf, rangeOf } from '../../durations.ts'
import { timeOfRunId } from '../../run-id.ts'
import { type RunStatus, runStatuses } from '../../store.ts'
import type { LastRun, PlaybookSummary, RunFilter, UserSummary } from '../../summaries.ts'
import { runRows } from '../find-runs.ts'
import type { RunRow } from '../run-row.ts'
import type { StillWanted } from '../still-wanted.ts'
import { tooManyGroups } from './counted.ts'
import { intervalStart } from './histogram.ts'

// Playbooks and users: both are told by runs, which are few beside events.

export function sumUpPlaybooks(
  db: Database.Database,
  filter: RunFilter,
  wanted: StillWanted
): PlaybookSummary[] {
  return groupsOf(db, filter, wanted, 'playbooks', ({ name }) => name).map(([name, runs]) => {
    const success = runs.find(({ status }) => status === 'success' || status === 'changed')
    return {
      run: { name },
      ...ratesOf(runs),
      last_run: lastRun(runs[0]),
      ...(success && { last_success: lastRun(success) }),
      ...durationOf(runs),
      weeks: weeksOf(runs)
    }
  })
}

export function sumUpUsers(db: Database.Database, filter: RunFilter, wanted: StillWanted): UserSummary[] {
  return groupsOf(db, filter, wanted, 'users', ({ user }) => user).map(([name, runs]) => ({
    user: { name },
    ...ratesOf(runs),
    playbooks: new Set(runs.flatMap((run) => run.name ?? [])).size,
    last_run: lastRun(runs[0])
  }))
}

/** The runs of one name, newest first. */
type Runs = [RunRow, ...RunRow[]]

function groupsOf(
  db: Database.Database,
  filter: RunFilter,
  wanted: StillWanted,
  what: string,
  nameOf: (row: RunRow) => string | null
): [name: string, runs: Runs][] {
  const groups = new Map<string, Runs>()
  for (const row of runRows(db, filter, wanted)) {
    const name = nameOf(row)
    if (name === null) continue
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
    if (groups.size > limits.groupsMax) throw tooManyGroups(what)
  }
  return [...groups]
}

function ratesOf(runs: Runs): Pick<PlaybookSummary, 'runs' | 'failure_rate'> {
  const counts = Object.fromEntries(runStatuses.map((status) => [status, 0])) as Record<RunStatus, number>
  for (const { status } of runs) counts[status]++
  const ended = runs.length - counts.running
  return { runs: counts, ...(ended > 0 && { failure_rate: runs.filter(hasFailed).length / ended }) }
}

function weeksOf(runs: Runs): PlaybookSummary['weeks'] {
  const weeks = Map.groupBy(runs, (run) => intervalStart(startOf(run), 'week'))
  // The runs come newest first.
  return [...weeks].reverse().map(([start, group]) => ({
    '@timestamp': new Date(start / 1000).toISOString(),
    runs: group.length,
    failed: group.filter(hasFailed).length,
    ...durationOf(group)
  }))
}

function durationOf(runs: readonly RunRow[]): Pick<PlaybookSummary, 'duration'> {
  const counts: DurationCounts = new Map()
  for (const run of runs) {
    const duration = timeTaken(run)
    if (duration !== undefined) addDuration(counts, rangeOf(duration))
  }
  const duration = percentilesOf(counts)
  return duration === undefined ? {} : { duration }
}

/** In nanoseconds, as the document of the run has it. */
function timeTaken(run: RunRow): number | undefined {
  if (run.measured !== null) return run.measured
  if (run.status !== 'aborted' || run.ended === null) return undefined
  const nanoseconds = Math.max(0, run.ended - (run.begin ?? startOf(run))) * 1_000
  return Number.isSafeInteger(nanoseconds) ? nanoseconds : undefined
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
