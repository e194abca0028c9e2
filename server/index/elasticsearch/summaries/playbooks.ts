import { addDuration, type DurationCounts, percentilesOf } from '../../durations.ts'
import type { RunStatus } from '../../store.ts'
import type { PlaybookSummary, RunFilter } from '../../summaries.ts'
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
import { failureRate, lastRun, latestRun, noRuns, type RunPart, runFilter } from './runs.ts'

const NAME = 'run.name'

interface PlaybookGroup extends Group<{ playbook: string }> {
  latest: First<RunPart>
  success: { latest: First<RunPart> }
}

type Part = Group<{ playbook: string; week: number; status: RunStatus; range: number | null }>

export async function sumUpPlaybooks(asking: Asking, filter: RunFilter): Promise<PlaybookSummary[]> {
  const grouping = { index: asking.names.runs, filter: runFilter(filter) }
  const succeeded = { terms: { 'run.status': ['success', 'changed'] } }
  const groups = await listOf<PlaybookGroup>(asking, 'playbooks', {
    ...grouping,
    by: { playbook: valuesOf(NAME) },
    aggs: { latest: latestRun, success: { filter: succeeded, aggs: { latest: latestRun } } }
  })
  const parts = countsWithin<Part>(asking, {
    ...grouping,
    field: NAME,
    groups: groups.map(({ key, doc_count }) => [key.playbook, doc_count]),
    by: {
      playbook: valuesOf(NAME),
      week: intervalsOf('playtrail.started', 'week'),
      status: valuesOf('run.status'),
      range: valuesOrNone('playtrail.duration_range')
    }
  })
  const courses = new Map(groups.map(({ key }) => [key.playbook, newCourse()]))
  for await (const { key, doc_count } of parts) {
    const course = courses.get(key.playbook)
    if (course !== undefined) add(course, key, doc_count)
  }
  return groups.flatMap((group) => summaryOf(group, courses.get(group.key.playbook) ?? newCourse()))
}

interface Week {
  runs: number
  failed: number
  durations: DurationCounts
}

/** How the runs of a playbook went over time: weeks in the order of time, which groups come in. */
interface Course {
  runs: Record<RunStatus, number>
  durations: DurationCounts
  weeks: Map<number, Week>
}

function newCourse(): Course {
  return { runs: noRuns(), durations: new Map(), weeks: new Map() }
}

function add({ runs, durations, weeks }: Course, key: Part['key'], count: number): void {
  const { week: start, status, range } = key
  const week = weeks.get(start) ?? { runs: 0, failed: 0, durations: new Map() }
  weeks.set(start, week)
  runs[status] += count
  week.runs += count
  if (status === 'failed' || status === 'unreachable' || status === 'aborted') week.failed += count
  if (range === null) return
  addDuration(durations, range, count)
  addDuration(week.durations, range, count)
}

function summaryOf(group: PlaybookGroup, { runs, durations, weeks }: Course): PlaybookSummary[] {
  const last = documentOf(group.latest)
  if (last === undefined) return []
  const success = documentOf(group.success.latest)
  const rate = failureRate(runs)
  const duration = percentilesOf(durations)
  return [
    {
      run: { name: group.key.playbook },
      runs,
      ...(rate !== undefined && { failure_rate: rate }),
      last_run: lastRun(last),
      ...(success && { last_success: lastRun(success) }),
      ...(duration && { duration }),
      weeks: [...weeks].map(([start, week]) => weekOf(start, week))
    }
  ]
}

function weekOf(start: number, { durations, ...counts }: Week): PlaybookSummary['weeks'][number] {
  const duration = percentilesOf(durations)
  return { '@timestamp': new Date(start).toISOString(), ...counts, ...(duration && { duration }) }
}
