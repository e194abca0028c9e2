import type { EventFilter, TaskSummary } from '../../summaries.ts'
import { resultConditions } from '../event-conditions.ts'
import type { Asking } from '../search.ts'
import { byRange, durationOf, type Ranges } from './durations.ts'
import { type Buckets, documentOf, type First, type Group, sumUpGroups, weeksOf } from './groups.ts'
import { byStatus, lastSeen, latest, type ResultSource, resultCounts } from './results.ts'

const DESCRIPTION = ['name', 'action', 'role', 'path'] as const
type Description = Partial<Record<(typeof DESCRIPTION)[number], string>>

interface TaskSource extends ResultSource {
  ansible?: { task?: Description }
}

interface Week {
  /** When it began, in milliseconds since 1970. */
  key: number
  doc_count: number
  statuses: Buckets<Group>
  timed: { ranges: Ranges }
}

interface TaskGroup extends Group {
  statuses: Buckets<Group>
  latest: First<TaskSource>
  flaky: { doc_count: number }
  weeks: Buckets<Week>
}

export async function sumUpTasks(asking: Asking, filter: EventFilter): Promise<TaskSummary[]> {
  const groups = await sumUpGroups<TaskGroup>(asking, {
    ...{ what: 'tasks', index: asking.names.events, filter: resultConditions(filter) },
    field: 'ansible.task.key',
    aggs: {
      statuses: byStatus,
      latest: latest(...DESCRIPTION.map((name) => `ansible.task.${name}`)),
      flaky: { filter: { bool: FLAKY } },
      weeks: weeksOf('@timestamp', {
        statuses: byStatus,
        timed: { filter: { bool: TIMED }, aggs: { ranges: byRange } }
      })
    }
  })
  return groups.flatMap(summaryOf)
}

/** Succeeded, and only after more than one attempt. */
const FLAKY = {
  filter: [
    { terms: { 'ansible.result.status': ['ok', 'changed'] } },
    { range: { 'ansible.result.attempts': { gt: 1 } } }
  ]
}

/** Skipped ones took no time, and unreachable ones the time that it takes to find out. */
const TIMED = { filter: [{ terms: { 'ansible.result.status': ['ok', 'changed', 'failed'] } }] }

function summaryOf({ key, statuses, latest, flaky, weeks }: TaskGroup): TaskSummary[] {
  const last = documentOf(latest)
  if (last === undefined) return []
  const results = resultCounts(statuses)
  const failed = results.failed + results.unreachable
  const tried = results.ok + results.changed + failed
  const rates = {
    failure_rate: failed / tried,
    change_rate: results.changed / tried,
    flake_rate: flaky.doc_count / tried
  }
  return [
    {
      ansible: { task: { key, ...descriptionOf(last) } },
      results,
      flaky: flaky.doc_count,
      ...(tried > 0 && rates),
      ...durationOf(weeks.buckets.map(({ timed }) => timed.ranges)),
      last_result: lastSeen(last),
      weeks: weeks.buckets.map(weekOf)
    }
  ]
}

function weekOf({ key, doc_count, statuses, timed }: Week): TaskSummary['weeks'][number] {
  const { changed, failed, unreachable } = resultCounts(statuses)
  return {
    '@timestamp': new Date(key).toISOString(),
    ...{ results: doc_count, changed, failed: failed + unreachable },
    ...durationOf([timed.ranges])
  }
}

function descriptionOf({ ansible }: TaskSource): Description {
  const task = ansible?.task ?? {}
  const there = DESCRIPTION.filter((name) => task[name] !== undefined)
  return Object.fromEntries(there.map((name) => [name, task[name]]))
}
