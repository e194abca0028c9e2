import type Database from 'better-sqlite3'
import { limits } from '../../../limits.ts'
import { noResults, type ResultStatus, resultStatuses } from '../../store.ts'
import type { EventFilter, HostSummary } from '../../summaries.ts'
import { tooManyGroups } from '../../too-many-groups.ts'
import { timeRange } from '../active-hours.ts'
import { whereNames } from '../event-source.ts'
import { nameKeys, select } from '../selection.ts'
import { stillWantedBy } from '../still-wanted.ts'
import { CHECKED, HOST_RESULT } from '../tables.ts'
import { HOUR_US } from '../tallies.ts'
import { columnsOfEvents, type Index, namesOf, simplifiedForResults, split, type Whole } from './counted.ts'
import { lastResults, latestOf } from './last-seen.ts'

interface HostSum {
  runs: number
  counts: Record<ResultStatus, number>
  /** When the last result of each status was. */
  lasts: Record<ResultStatus, number | null>
  /** The last change that was not only checked. */
  done: number | null
}

/** The times of the roll-ups that a filter is about; undefined where they cannot tell. */
type Rolled = Whole | undefined

export function sumUpHosts(index: Index, asked: EventFilter): HostSummary[] {
  const filter = simplifiedForResults(asked)
  if (filter === undefined) return []
  const isRolled = filter.runId === undefined && filter.taskKey === undefined && filter.matching === undefined
  const range = timeRange(filter)
  const { whole, edges } = isRolled ? split(range, HOUR_US) : { whole: undefined, edges: [range] }
  const sums = new Map<number, HostSum>()
  if (whole !== undefined) addWhole(index.db, filter, whole, sums)
  addEvents(index, filter, edges, sums, whole)
  if (sums.size > limits.groupsMax) throw tooManyGroups('hosts')
  return summariesOf(index, filter, sums)
}

const lastColumns = resultStatuses.map((status) => `max(e.last_${status})`)
const countColumns = resultStatuses.map((status) => `sum(e.${status})`)

function addWhole(
  db: Database.Database,
  filter: EventFilter,
  whole: Whole,
  sums: Map<number, HostSum>
): void {
  const found = wholeRows(db, filter, whole)
  if (found === undefined) return
  const columns = ['e.host', 'count(DISTINCT e.run)', 'max(e.run = 0)', ...countColumns, ...lastColumns]
  const ask = found.asking<(number | null)[]>(
    `${columns.join(', ')}, max(e.last_done) FROM host_tallies e`,
    'GROUP BY e.host'
  )
  for (const [host, runs, hasNone, ...rest] of ask()) {
    const counts = rest.slice(0, 5).map((count) => count ?? 0)
    const lasts = rest.slice(5, 10)
    const sum = newSum()
    sum.runs = Number(runs) - Number(hasNone)
    resultStatuses.forEach((status, number) => {
      sum.counts[status] = counts[number] ?? 0
      sum.lasts[status] = lasts[number] ?? null
    })
    sum.done = rest[10] ?? null
    sums.set(Number(host), sum)
  }
}

/** The roll-ups lie by run. What belongs to no run is counted as a run 0. */
const RUN_ON_HOST = `e.run IN (SELECT 0 UNION ALL
  SELECT r.key FROM run_hosts h CROSS JOIN runs r ON r.id = h.run_id WHERE h.host = ?)`

/** The rows of results that the filter lets through; undefined if there can be none. */
function wholeRows(
  db: Database.Database,
  { playbook, host, user, status }: EventFilter,
  { first, next }: Whole
): ReturnType<typeof select> | undefined {
  const found = select(db)
  found.where(stillWantedBy('e.run', 'e.host', 'e.hour'))
  found.where('e.action = ? AND e.hour >= ? AND e.hour < ?', HOST_RESULT, first, next)
  if (!whereNames(db, found, { playbook, host, user })) return undefined
  const [one, another] = host === undefined ? [] : nameKeys(db, host)
  if (one !== undefined && another === undefined) found.where(RUN_ON_HOST, one)
  const [known] = resultStatuses.filter((one) => one === status)
  if (status !== undefined && known === undefined) return undefined
  found.where(
    known === undefined ? `${resultStatuses.map((one) => `e.${one}`).join(' + ')} > 0` : `e.${known} > 0`
  )
  return found
}

type Row = [host: number, run: number | null, timestamp: number, status: ResultStatus, flags: number | null]
const EVENT = `e.host, e.run, e.timestamp, e.status, CASE WHEN e.status = 'changed' THEN e.flags END`

function addEvents(
  index: Index,
  filter: EventFilter,
  edges: Parameters<typeof columnsOfEvents>[2],
  sums: Map<number, HostSum>,
  whole: Rolled
): void {
  const isCounted = whole === undefined ? () => false : runFinder(index.db, filter, whole)
  const runsOf = new Map<number, Set<number>>()
  for (const [host, run, time, status, flags] of columnsOfEvents<Row>(index, filter, edges, EVENT)) {
    if (host === null || !resultStatuses.includes(status)) continue
    const sum = sums.get(host) ?? newSum()
    sums.set(host, sum)
    if (sums.size > limits.groupsMax) throw tooManyGroups('hosts')
    sum.counts[status]++
    sum.lasts[status] = Math.max(sum.lasts[status] ?? time, time)
    if (flags !== null && (flags & CHECKED) === 0) sum.done = Math.max(sum.done ?? time, time)
    const runs = runsOf.get(host) ?? new Set()
    runsOf.set(host, runs)
    if (run === null || runs.has(run)) continue
    runs.add(run)
    if (!isCounted(host, run)) sum.runs++
  }
}

/** Tells whether a run on a host is among those that the roll-ups have counted. */
function runFinder(
  db: Database.Database,
  filter: EventFilter,
  whole: Whole
): (host: number, run: number) => boolean {
  const found = wholeRows(db, filter, whole)
  if (found === undefined) return () => false
  const ask = found.asking('1 FROM host_tallies e', 'AND e.host = ? AND e.run = ? LIMIT 1')
  return (host, run) => [...ask(host, run)].length > 0
}

function summariesOf(index: Index, filter: EventFilter, sums: Map<number, HostSum>): HostSummary[] {
  const statuses = resultStatuses.filter((one) => filter.status === undefined || one === filter.status)
  const failures = statuses.filter((status) => status === 'failed' || status === 'unreachable')
  const lastRun = lastResults(index, filter, { of: 'host', statuses })
  const lastChange = lastResults(index, filter, { of: 'host', statuses: ['changed'], isDone: true })
  const lastFailure = lastResults(index, filter, { of: 'host', statuses: failures })
  const nameOf = namesOf(index.db)
  return [...sums].flatMap(([host, { runs, counts, lasts, done }]) => {
    const run = lastRun(host, latestOf(statuses.map((status) => lasts[status])))
    if (run === undefined) return []
    const change = statuses.includes('changed') ? lastChange(host, done) : undefined
    const failure = lastFailure(host, latestOf(failures.map((status) => lasts[status])))
    const results = noResults()
    for (const status of statuses) results[status] = counts[status]
    return [
      {
        host: { name: nameOf(host) },
        results,
        runs,
        last_run: run.seen,
        ...(change && { last_change: change.seen }),
        ...(failure && { last_failure: failure.seen })
      }
    ]
  })
}

function newSum(): HostSum {
  return {
    runs: 0,
    counts: noResults(),
    lasts: { ok: null, changed: null, failed: null, skipped: null, unreachable: null },
    done: null
  }
}
