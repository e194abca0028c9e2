import { limits } from '../../../limits.ts'
import type { RunFilter, UserSummary } from '../../summaries.ts'
import type { Asking } from '../search.ts'
import { type Buckets, documentOf, type First, type Group, sumUpGroups, tooManyGroups } from './groups.ts'
import { byStatus, failureRate, lastRun, latestRun, type RunPart, runCounts, runFilter } from './runs.ts'

interface UserGroup extends Group {
  statuses: Buckets<Group>
  latest: First<RunPart>
  playbooks: Buckets<Group> & { sum_other_doc_count: number }
}

export async function sumUpUsers(asking: Asking, filter: RunFilter): Promise<UserSummary[]> {
  const groups = await sumUpGroups<UserGroup>(asking, {
    ...{ what: 'users', index: asking.names.runs, filter: runFilter(filter), field: 'user.name' },
    aggs: {
      statuses: byStatus,
      latest: latestRun,
      playbooks: { terms: { field: 'run.name', size: limits.groupsMax } }
    }
  })
  return groups.flatMap(summaryOf)
}

function summaryOf({ key, statuses, latest, playbooks }: UserGroup): UserSummary[] {
  const last = documentOf(latest)
  if (last === undefined) return []
  if (playbooks.sum_other_doc_count > 0) throw tooManyGroups('playbooks of a user')
  const runs = runCounts(statuses)
  return [
    {
      user: { name: key },
      runs,
      ...failureRate(runs),
      playbooks: playbooks.buckets.length,
      last_run: lastRun(last)
    }
  ]
}
