import { addDuration, type DurationCounts, percentilesOf } from '../../durations.ts'
import type { ResultStatus } from '../../store.ts'
import type { EventFilter, TaskSummary } from '../../summaries.ts'
import { resultConditions } from '../event-conditions.ts'
import type { Asking } from '../search.ts'
import {
  countsWithin,
  documentOf,
  type First,
  type Group,
  intervalsOf,
  listOf,
  valuesOf,
  valuesOrNone
} from './groups.ts'
import { byStatus, countsOf, lastSeen, latest, type ResultSource, type Statuses } from './results.ts'

const KEY = 'ansible.task.key'
const DESCRIPTION = ['name', 'action', 'role', 'path'] as const

interface TaskSource extends ResultSource {
  ansible?: { task?: Partial<Record<(typeof DESCRIPTION)[number], string>> }
}

interface TaskGroup extends Group<{ task: string }> {
  statuses: Statuses
  latest: First<TaskSource>
  flaky: { doc_count: number }
}

type Part = Group<{ task: string; week: number; status: ResultStatus; range: number | null }>

export async function sumUpTasks(asking: Asking, filter: EventFilter): Promise<TaskSummary[]> {
  const grouping = { index: asking.names.events, filter: resultConditions(filter) }
  const groups = await listOf<TaskGroup>(asking, 'tasks', {
    ...grouping,
    by: { task: valuesOf(KEY) },
    aggs: {
      statuses: byStatus,
      latest: latest(...DESCRIPTION.map((name) => `ansible.task.${name}`)),
      flaky: { filter: FLAKY }
    }
  })
  const parts = countsWithin<Part>(asking, {
    ...grouping,
    field: KEY,
    groups: groups.map(({ key, doc_count }) => [key.task, doc_count]),
    by: {
      task: valuesOf(KEY),
      week: intervalsOf('@timestamp', 'week'),
      status: valuesOf('ansible.result.status'),
      range: valuesOrNone('playtrail.duration_range')
    }
  })
  const courses = new Map(groups.map(({ key }) => [key.task, newCourse()]))
  for await (const { key, doc_count } of parts) {
    const course = courses.get(key.task)
    if (course !== undefined) add(course, key, doc_count)
  }
  return groups.flatMap((group) => summaryOf(group, courses.get(group.key.task) ?? newCourse()))
}

/** Succeeded, and only after more than one attempt. */
const FLAKY = {
  bool: {
    filter: [
      { terms: { 'ansible.result.status': ['ok', 'changed'] } },
      { range: { 'ansible.result.attempts': { gt: 1 } } }
    ]
  }
}

interface Week {
  results: number
  changed: number
  failed: number
  durations: DurationCounts
}

/** How a task went over time: weeks in the order of time, which groups come in. */
interface Course {
  durations: DurationCounts
  weeks: Map<number, Week>
}

function newCourse(): Course {
  return { durations: new Map(), weeks: new Map() }
}

function add({ durations, weeks }: Course, { week: start, status, range }: Part['key'], count: number): void {
  const week = weeks.get(start) ?? { results: 0, changed: 0, failed: 0, durations: new Map() }
  weeks.set(start, week)
  week.results += count
  if (status === 'changed') week.changed += count
  if (status === 'failed' || status === 'unreachable') week.failed += count
  // Skipped ones took no time, and unreachable ones the time that it takes to find out.
  if (range === null || status === 'skipped' || status === 'unreachable') return
  addDuration(durations, range, count)
  addDuration(week.durations, range, count)
}

function summaryOf(group: TaskGroup, { durations, weeks }: Course): TaskSummary[] {
  const last = documentOf(group.latest)
  if (last === undefined) return []
  const results = countsOf(group.statuses)
  const failed = results.failed + results.unreachable
  const tried = results.ok + results.changed + failed
  const flaky = group.flaky.doc_count
  const duration = percentilesOf(durations)
  const rates = {
    failure_rate: failed / tried,
    change_rate: results.changed / tried,
    flake_rate: flaky / tried
  }
  return [
    {
      ansible: { task: { key: group.key.task, ...descriptionOf(last) } },
      results,
      flaky,
      ...(tried > 0 && rates),
      ...(duration && { duration }),
      last_result: lastSeen(last),
      weeks: [...weeks].map(([start, week]) => weekOf(start, week))
    }
  ]
}

function weekOf(start: number, { durations, ...counts }: Week): TaskSummary['weeks'][number] {
  const duration = percentilesOf(durations)
  return { '@timestamp': new Date(start).toISOString(), ...counts, ...(duration && { duration }) }
}

function descriptionOf({ ansible }: TaskSource): Partial<Record<(typeof DESCRIPTION)[number], string>> {
  const { name, action, role, path } = ansible?.task ?? {}
  return {
    ...(name !== undefined && { name }),
    ...(action !== undefined && { action }),
    ...(role !== undefined && { role }),
    ...(path !== undefined && { path })
  }
}
