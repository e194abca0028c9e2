import type { EventFilter, HostSummary } from '../../summaries.ts'
import { resultConditions } from '../event-conditions.ts'
import type { Asking } from '../search.ts'
import { countsWithin, documentOf, type First, type Group, listOf, valuesOf } from './groups.ts'
import {
  byStatus,
  countsOf,
  lastSeen,
  lastSeenWithin,
  latest,
  latestWithin,
  type ResultSource,
  type Statuses,
  type Within
} from './results.ts'

const HOST = 'host.name'

interface HostGroup extends Group<{ host: string }> {
  statuses: Statuses
  latest: First<ResultSource>
  change: Within<ResultSource>
  failure: Within<ResultSource>
}

export async function sumUpHosts(asking: Asking, filter: EventFilter): Promise<HostSummary[]> {
  const grouping = { index: asking.names.events, filter: resultConditions(filter) }
  const hosts = await listOf<HostGroup>(asking, 'hosts', {
    ...grouping,
    by: { host: valuesOf(HOST) },
    aggs: {
      statuses: byStatus,
      latest: latest(),
      change: latestWithin(CHANGED),
      failure: latestWithin({ filter: [{ terms: { 'ansible.result.status': ['failed', 'unreachable'] } }] })
    }
  })
  const runs = new Map<string, number>()
  const pairs = countsWithin<Group<{ host: string; run: string }>>(asking, {
    ...grouping,
    field: HOST,
    groups: hosts.map(({ key, doc_count }) => [key.host, doc_count]),
    by: { host: valuesOf(HOST), run: valuesOf('run.id') }
  })
  for await (const { key } of pairs) runs.set(key.host, (runs.get(key.host) ?? 0) + 1)
  return hosts.flatMap((host) => summaryOf(host, runs.get(host.key.host) ?? 0))
}

/** Really changed: where a task was only to be checked, it would have been. */
const CHANGED = {
  filter: [{ term: { 'ansible.result.status': 'changed' } }],
  must_not: [{ term: { 'ansible.task.check_mode': true } }]
}

function summaryOf(group: HostGroup, runs: number): HostSummary[] {
  const last = documentOf(group.latest)
  if (last === undefined) return []
  const change = lastSeenWithin(group.change)
  const failure = lastSeenWithin(group.failure)
  return [
    {
      host: { name: group.key.host },
      results: countsOf(group.statuses),
      runs,
      last_run: lastSeen(last),
      ...(change && { last_change: change }),
      ...(failure && { last_failure: failure })
    }
  ]
}
