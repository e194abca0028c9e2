import type { RunStatus } from '../../store.ts'
import type { RunFilter, UserSummary } from '../../summaries.ts'
import type { Asking } from '../search.ts'
import { countsWithin, documentOf, type First, type Group, listOf, valuesOf, valuesOrNone } from './groups.ts'
import { failureRate, lastRun, latestRun, noRuns, type RunPart, runFilter } from './runs.ts'

const NAME = 'user.name'

interface UserGroup extends Group<{ user: string }> {
  latest: First<RunPart>
}

type Part = Group<{ user: string; playbook: string | null; status: RunStatus }>

export async function sumUpUsers(asking: Asking, filter: RunFilter): Promise<UserSummary[]> {
  const grouping = { index: asking.names.runs, filter: runFilter(filter) }
  const groups = await listOf<UserGroup>(asking, 'users', {
    ...grouping,
    by: { user: valuesOf(NAME) },
    aggs: { latest: latestRun }
  })
  const parts = countsWithin<Part>(asking, {
    ...grouping,
    field: NAME,
    groups: groups.map(({ key, doc_count }) => [key.user, doc_count]),
    by: { user: valuesOf(NAME), playbook: valuesOrNone('run.name'), status: valuesOf('run.status') }
  })
  const sums = new Map(
    groups.map(({ key }) => [key.user, { runs: noRuns(), playbooks: new Set<string | null>() }])
  )
  for await (const { key, doc_count } of parts) {
    const sum = sums.get(key.user)
    if (sum === undefined) continue
    sum.runs[key.status] += doc_count
    if (key.playbook !== null) sum.playbooks.add(key.playbook)
  }
  return groups.flatMap(({ key, latest }) => {
    const last = documentOf(latest)
    const sum = sums.get(key.user)
    if (last === undefined || sum === undefined) return []
    const rate = failureRate(sum.runs)
    return [
      {
        user: { name: key.user },
        runs: sum.runs,
        ...(rate !== undefined && { failure_rate: rate }),
        playbooks: sum.playbooks.size,
        last_run: lastRun(last)
      }
    ]
  })
}
