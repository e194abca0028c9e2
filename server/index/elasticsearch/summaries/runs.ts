import type { estypes } from '@elastic/elasticsearch'
import { timeOfRunId } from '../../run-id.ts'
import { type RunStatus, runStatuses } from '../../store.ts'
import type { LastRun, RunFilter } from '../../summaries.ts'
import { runConditions } from '../find-runs.ts'
import { type Buckets, countsBy, first, type Group, valuesOf } from './groups.ts'

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

export const byStatus = valuesOf('run.status', runStatuses)

export function runCounts(found: Buckets<Group>): Record<RunStatus, number> {
  return countsBy(runStatuses, found)
}

export function failuresOf({ failed, unreachable, aborted }: Record<RunStatus, number>): number {
  return failed + unreachable + aborted
}

/** Absent while none has ended. */
export function failureRate(runs: Record<RunStatus, number>): { failure_rate?: number } {
  const failures = failuresOf(runs)
  const ended = failures + runs.success + runs.changed
  return ended === 0 ? {} : { failure_rate: failures / ended }
}
