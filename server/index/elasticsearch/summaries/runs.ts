import type { estypes } from '@elastic/elasticsearch'
import { timeOfRunId } from '../../run-id.ts'
import type { RunStatus } from '../../store.ts'
import type { LastRun, RunFilter } from '../../summaries.ts'
import { runConditions } from '../find-runs.ts'
import { first } from './groups.ts'

// What playbooks and users have in common: both are told by runs.

export function runFilter(filter: RunFilter): estypes.QueryDslQueryContainer[] {
  const found = runConditions(filter)
  found.like('host.name', filter.host)
  return found.clauses
}

/** A run, as far as it is asked for. */
export interface RunPart {
  run: { id: string; name?: string; status: RunStatus }
  user?: { name?: string }
}

/** The run that started last: ids begin with the time. */
export const latestRun: estypes.AggregationsAggregationContainer = first(
  [{ 'run.id': 'desc' }],
  ['run.id', 'run.name', 'run.status', 'user.name']
)

export function lastRun({ run, user }: RunPart): LastRun {
  const { id, name, status } = run
  return {
    '@timestamp': timeOfRunId(id),
    run: { id, ...(name !== undefined && { name }), status },
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

export function noRuns(): Record<RunStatus, number> {
  return { running: 0, success: 0, changed: 0, failed: 0, unreachable: 0, aborted: 0 }
}

/** Undefined while none has ended. */
export function failureRate({ running: _, ...ended }: Record<RunStatus, number>): number | undefined {
  const total = Object.values(ended).reduce((sum, count) => sum + count, 0)
  return total === 0 ? undefined : (ended.failed + ended.unreachable + ended.aborted) / total
}
