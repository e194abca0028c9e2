import type Database from 'better-sqlite3'
import { limits } from '../../../limits.ts'
import { parseEvent } from '../../columns.ts'
import { percentilesAtPlaces, RANGES, rangeOf } from '../../durations.ts'
import { type ResultStatus, resultStatuses } from '../../store.ts'
import type { EventFilter, TaskSummary } from '../../summaries.ts'
import { type TimeRange, timeRange } from '../active-hours.ts'
import { addRanges, encodeCounts, type PlacedCounts, placeOf, timedStatuses } from '../duration-counts.ts'
import { whereNames, whereTask } from '../event-source.ts'
import { select } from '../selection.ts'
import { stillWantedBy } from '../still-wanted.ts'
import { FLAKY } from '../tables.ts'
import { DAY_US, startOf } from '../tallies.ts'
import {
  columnsOfEvents,
  type Index,
  namesOf,
  simplifiedForResults,
  split,
  tooManyGroups,
  type Whole
} from './counted.ts'
import { lastResults, latestOf } from './last-seen.ts'

/** What the results of a task say, by status. */
interface TaskSum {
  counts: Record<ResultStatus, number>
  flaky: Record<ResultStatus, number>
  lasts: Record<ResultStatus, number | null>
  weeks: Map<number, WeekSum>
}
interface WeekSum {
  counts: Record<ResultStatus, number>
  /** Of single events, by placeOf. */
  durations: PlacedCounts
  /** As the roll-ups have them. */
  rolled: Buffer[]
}
type Sums = Map<number, TaskSum>

export function sumUpTasks(index: Index, asked: EventFilter): TaskSummary[] {
  const filter = simplifiedForResults(asked)
  if (filter === undefined) return []
  const { runId, host, matching } = filter
  const isRolled = runId === undefined && host === undefined && matching === undefined
  const range = timeRange(filter)
  const { whole, edges } = isRolled ? split(range, DAY_US) : { whole: undefined, edges: [range] }
  const sums: Sums = new Map()
  const spans = whole === undefined ? [] : spansOf(whole, filter)
  for (const span of spans) addWhole(index.db, filter, span, sums)
  addEvents(index, filter, edges, sums)
  if (sums.size > limits.groupsMax) throw tooManyGroups('tasks')
  return summariesOf(index, filter, sums)
}

interface Span extends Whole {
  days: 1 | 7
}

/** Days as weeks, and as days before the first and behind the last of these; weeks tell of no playbook and user. */
function spansOf({ first, next }: Whole, { playbook, user }: EventFilter): Span[] {
  if (playbook !== undefined || user !== undefined) return [{ days: 1, first, next }]
  const last = startOf(next * DAY_US, 7)
  const monday = startOf((first + 6) * DAY_US, 7)
  if (monday >= last) return [{ days: 1, first, next }]
  const spans: Span[] = [
    { days: 1, first, next: monday },
    { days: 7, first: monday, next: last },
    { days: 1, first: last, next }
  ]
  return spans.filter((span) => span.first < span.next)
}

const numbers = [
  ...resultStatuses.map((status) => `e.${status}`),
  'e.flaky_ok',
  'e.flaky_changed',
  ...resultStatuses.map((status) => `e.last_${status}`)
].join(', ')

function addWhole(
  db: Database.Database,
  { playbook, user, taskKey }: EventFilter,
  { days, first, next }: Span,
  sums: Sums
): void {
  const found = select(db)
  found.where(stillWantedBy('e.task', 'e.start'))
  found.where('e.days = ? AND e.start >= ? AND e.start < ?', days, first, next)
  if (!whereNames(db, found, { playbook, user }) || !whereTask(db, found, taskKey)) return
  type Row = [task: number, start: number, durations: Buffer | null, ...numbers: (number | null)[]]
  const ask = found.asking<Row>(`e.task, e.start, e.durations, ${numbers} FROM task_tallies e`, '')
  for (const [task, start, durations, ...values] of ask()) {
    const sum = sumOf(sums, task)
    const week = weekOf(sum, startOf(start * DAY_US, 7))
    for (const [number, status] of resultStatuses.entries()) {
      const count = values[number] ?? 0
      sum.counts[status] += count
      week.counts[status] += count
      sum.lasts[status] = latestOf([sum.lasts[status], values[number + 7] ?? null])
    }
    sum.flaky.ok += values[5] ?? 0
    sum.flaky.changed += values[6] ?? 0
    if (durations !== null) week.rolled.push(durations)
  }
}

/** Events by their task, where the index by task has all that is wanted. */
const ALONG_TASKS = {
  index: 'events_by_task',
  condition: 'e.task IN (SELECT task FROM task_tallies WHERE days = 7)'
}

type Row = [task: number | null, time: number, status: ResultStatus, duration: number | null, flags: number]

function addEvents(index: Index, filter: EventFilter, edges: readonly TimeRange[], sums: Sums): void {
  const columns = 'e.task, e.timestamp, e.status, e.duration, e.flags'
  const along = filter.matching === undefined && filter.playbook === undefined && filter.user === undefined
  const rows = columnsOfEvents<Row>(index, filter, edges, columns, along ? ALONG_TASKS : undefined)
  for (const [task, time, status, duration, flags] of rows) {
    if (task === null || !resultStatuses.includes(status)) continue
    const sum = sumOf(sums, task)
    const week = weekOf(sum, startOf(time, 7))
    sum.counts[status]++
    week.counts[status]++
    sum.lasts[status] = latestOf([sum.lasts[status], time])
    if ((flags & FLAKY) !== 0) sum.flaky[status]++
    const place = duration === null ? undefined : placeOf(rangeOf(duration), status)
    if (place !== undefined) week.durations.set(place, (week.durations.get(place) ?? 0) + 1)
  }
}

function sumOf(sums: Sums, task: number): TaskSum {
  const known = sums.get(task)
  if (known !== undefined) return known
  if (sums.size === limits.groupsMax) throw tooManyGroups('tasks')
  const lasts = { ok: null, changed: null, failed: null, skipped: null, unreachable: null }
  const sum: TaskSum = { counts: noCounts(), flaky: noCounts(), lasts, weeks: new Map() }
  sums.set(task, sum)
  return sum
}

function weekOf({ weeks }: TaskSum, start: number): WeekSum {
  const week = weeks.get(start) ?? { counts: noCounts(), durations: new Map(), rolled: [] }
  weeks.set(start, week)
  return week
}

function summariesOf(index: Index, filter: EventFilter, sums: Sums): TaskSummary[] {
  const { db } = index
  const statuses = resultStatuses.filter((status) => filter.status === undefined || status === filter.status)
  const lastResult = lastResults(index, filter, { of: 'task', statuses })
  const payload = db.prepare<[number], Buffer>('SELECT payload FROM events WHERE record = ?').pluck()
  const nameOf = namesOf(db)
  return [...sums].flatMap(([task, sum]) => {
    const last = lastResult(task, latestOf(statuses.map((status) => sum.lasts[status])))
    if (last === undefined) return []
    const { name, action, role, path } =
      parseEvent(payload.get(last.record) ?? Buffer.alloc(0))?.ansible?.task ?? {}
    const described = Object.entries({ name, action, role, path }).filter(([, value]) => value !== undefined)
    return [
      {
        ansible: { task: { key: nameOf(task), ...Object.fromEntries(described) } },
        ...totals(sum, statuses),
        last_result: last.seen
      }
    ]
  })
}

type Totals = Omit<TaskSummary, 'ansible' | 'last_result'>

function totals({ counts, flaky, weeks }: TaskSum, statuses: readonly ResultStatus[]): Totals {
  const results = ofStatuses(counts, statuses)
  const failed = results.failed + results.unreachable
  const tried = results.ok + results.changed + failed
  const flakyOnes = sumUp(ofStatuses(flaky, statuses))
  const all = new Uint32Array(RANGES)
  const summedWeeks = [...weeks]
    .sort(([one], [other]) => one - other)
    .map(([start, week]) => weekSummary(start, week, statuses, all))
    .filter(({ results: count }) => count > 0)
  const duration = percentilesAtPlaces(all)
  const rates = {
    failure_rate: failed / tried,
    change_rate: results.changed / tried,
    flake_rate: flakyOnes / tried
  }
  return {
    results,
    flaky: flakyOnes,
    ...(tried > 0 && rates),
    ...(duration && { duration }),
    weeks: summedWeeks
  }
}

/** Adds the durations of the week to those of `all`. */
function weekSummary(
  start: number,
  week: WeekSum,
  statuses: readonly ResultStatus[],
  all: Uint32Array
): TaskSummary['weeks'][number] {
  const counts = ofStatuses(week.counts, statuses)
  const isTimed = timedStatuses.map((status) => statuses.includes(status))
  const ranges = new Uint32Array(RANGES)
  for (const bytes of [...week.rolled, encodeCounts(week.durations)]) {
    addRanges(ranges, bytes, isTimed)
    addRanges(all, bytes, isTimed)
  }
  const duration = percentilesAtPlaces(ranges)
  return {
    '@timestamp': new Date((start * DAY_US) / 1000).toISOString(),
    results: sumUp(counts),
    changed: counts.changed,
    failed: counts.failed + counts.unreachable,
    ...(duration && { duration })
  }
}

function ofStatuses(
  counts: Record<ResultStatus, number>,
  statuses: readonly ResultStatus[]
): Record<ResultStatus, number> {
  const some = noCounts()
  for (const status of statuses) some[status] = counts[status]
  return some
}

function sumUp(counts: Record<ResultStatus, number>): number {
  return resultStatuses.reduce((sum, status) => sum + counts[status], 0)
}

function noCounts(): Record<ResultStatus, number> {
  return { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
}
