import type { EventFilter, HostSummary } from '../../summaries.ts'
import { resultConditions } from '../event-conditions.ts'
import type { Asking } from '../search.ts'
import { type Buckets, countsOf, documentOf, type First, type Group, sumUpGroups } from './groups.ts'
import {
  byStatus,
  lastSeen,
  lastSeenWithin,
  latest,
  latestWithin,
  type ResultSource,
  resultCounts,
  type Within
} from './results.ts'

/** Runs of a host that are counted within the request for it; those of a host with more are counted in pages. */
const RUNS_AT_ONCE = 20_000

interface HostGroup extends Group {
  statuses: Buckets<Group>
  latest: First<ResultSource>
  change: Within<ResultSource>
  failure: Within<ResultSource>
  runs: { sum_other_doc_count: number }
  run_count: { count: number }
}

export async function sumUpHosts(
  asking: Asking,
  filter: EventFilter,
  runsAtOnce: number = RUNS_AT_ONCE
): Promise<HostSummary[]> {
  const of = { index: asking.names.events, filter: resultConditions(filter) }
  const hosts = await sumUpGroups<HostGroup>(asking, {
    ...{ ...of, what: 'hosts', field: 'host.name' },
    aggs: {
      statuses: byStatus,
      latest: latest(),
      change: latestWithin(CHANGED),
      failure: latestWithin(FAILED),
      // Only how many there are is wanted. A `cardinality` would be an estimate.
      runs: { terms: { field: 'run.id', size: runsAtOnce } },
      run_count: { stats_bucket: { buckets_path: 'runs>_count' } }
    },
    without: ['runs.buckets']
  })
  const summaries: HostSummary[] = []
  for (const host of hosts) {
    const isWhole = host.runs.sum_other_doc_count === 0
    const runs = isWhole ? host.run_count.count : await countRuns(asking, of, host.key)
    summaries.push(...summaryOf(host, runs))
  }
  return summaries
}

/** Really changed: where a task was only to be checked, it would have been. */
const CHANGED = {
  filter: [{ term: { 'ansible.result.status': 'changed' } }],
  must_not: [{ term: { 'ansible.task.check_mode': true } }]
}
const FAILED = { filter: [{ terms: { 'ansible.result.status': ['failed', 'unreachable'] } }] }

async function countRuns(
  asking: Asking,
  { index, filter }: { index: string; filter: ReturnType<typeof resultConditions> },
  host: string
): Promise<number> {
  const ofHost = [...filter, { term: { 'host.name': host } }]
  let count = 0
  for await (const _ of countsOf<{ run: string }>(asking, index, ofHost, {
    run: { terms: { field: 'run.id' } }
  }))
    count++
  return count
}

function summaryOf(group: HostGroup, runs: number): HostSummary[] {
  const last = documentOf(group.latest)
  if (last === undefined) return []
  const change = lastSeenWithin(group.change)
  const failure = lastSeenWithin(group.failure)
  return [
    {
      host: { name: group.key },
      results: resultCounts(group.statuses),
      runs,
      last_run: lastSeen(last),
      ...(change && { last_change: change }),
      ...(failure && { last_failure: failure })
    }
  ]
}
