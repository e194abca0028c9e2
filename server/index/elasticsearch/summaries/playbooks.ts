import type { PlaybookSummary, RunFilter } from '../../summaries.ts'
import type { Asking } from '../search.ts'
import { byRange, durationOf, type Ranges } from './durations.ts'
import { type Buckets, documentOf, type First, type Group, sumUpGroups, weeksOf } from './groups.ts'
import {
  byStatus,
  failureRate,
  failuresOf,
  lastRun,
  latestRun,
  type RunPart,
  runCounts,
  runFilter
} from './runs.ts'

interface Week {
  /** When it began, in milliseconds since 1970. */
  key: number
  doc_count: number
  statuses: Buckets<Group>
  ranges: Ranges
}

interface PlaybookGroup extends Group {
  statuses: Buckets<Group>
  latest: First<RunPart>
  success: { latest: First<RunPart> }
  weeks: Buckets<Week>
}

export async function sumUpPlaybooks(asking: Asking, filter: RunFilter): Promise<PlaybookSummary[]> {
  const succeeded = { terms: { 'run.status': ['success', 'changed'] } }
  const groups = await sumUpGroups<PlaybookGroup>(asking, {
    ...{ what: 'playbooks', index: asking.names.runs, filter: runFilter(filter), field: 'run.name' },
    aggs: {
      statuses: byStatus,
      latest: latestRun,
      success: { filter: succeeded, aggs: { latest: latestRun } },
      weeks: weeksOf('playtrail.started', { statuses: byStatus, ranges: byRange })
    }
  })
  return groups.flatMap(summaryOf)
}

function summaryOf({ key, statuses, latest, success, weeks }: PlaybookGroup): PlaybookSummary[] {
  const last = documentOf(latest)
  if (last === undefined) return []
  const lastSuccess = documentOf(success.latest)
  const runs = runCounts(statuses)
  return [
    {
      run: { name: key },
      runs,
      ...failureRate(runs),
      last_run: lastRun(last),
      ...(lastSuccess && { last_success: lastRun(lastSuccess) }),
      ...durationOf(weeks.buckets.map(({ ranges }) => ranges)),
      weeks: weeks.buckets.map(weekOf)
    }
  ]
}

function weekOf({ key, doc_count, statuses, ranges }: Week): PlaybookSummary['weeks'][number] {
  return {
    '@timestamp': new Date(key).toISOString(),
    ...{ runs: doc_count, failed: failuresOf(runCounts(statuses)) },
    ...durationOf([ranges])
  }
}
