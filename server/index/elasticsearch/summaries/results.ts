import type { estypes } from '@elastic/elasticsearch'
import { type ResultStatus, resultStatuses } from '../../store.ts'
import type { LastSeen } from '../../summaries.ts'
import { byTime } from '../event-conditions.ts'
import { type Buckets, countsBy, documentOf, type First, first, type Group, valuesOf } from './groups.ts'

// What hosts and tasks have in common: both are told by results.

/** The event of a result, as far as it is asked for. */
export interface ResultSource {
  '@timestamp': string
  run?: { id: string; name?: string }
  user?: { name: string }
}

const LAST_SEEN = ['@timestamp', 'run.id', 'run.name', 'user.name']

/** The latest result, of which `more` is wanted too. */
export function latest(...more: string[]): estypes.AggregationsAggregationContainer {
  return first(byTime('desc'), [...LAST_SEEN, ...more])
}

/** The latest result of those that pass a filter. */
export interface Within<Document> {
  latest: First<Document>
}

export function latestWithin(bool: estypes.QueryDslBoolQuery): estypes.AggregationsAggregationContainer {
  return { filter: { bool }, aggs: { latest: latest() } }
}

export function lastSeen(source: ResultSource): LastSeen {
  const { run, user } = source
  return {
    '@timestamp': source['@timestamp'],
    ...(run?.id !== undefined && {
      run: { id: run.id, ...(run.name !== undefined && { name: run.name }) }
    }),
    ...(user?.name !== undefined && { user: { name: user.name } })
  }
}

export function lastSeenWithin({ latest: found }: Within<ResultSource>): LastSeen | undefined {
  const source = documentOf(found)
  return source && lastSeen(source)
}

export const byStatus = valuesOf('ansible.result.status', resultStatuses)

export function resultCounts(found: Buckets<Group>): Record<ResultStatus, number> {
  return countsBy(resultStatuses, found)
}
