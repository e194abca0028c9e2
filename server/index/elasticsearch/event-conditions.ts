import type { estypes } from '@elastic/elasticsearch'
import { toElasticsearch } from '../../ask/query/to-elasticsearch.ts'
import { resultStatuses } from '../store.ts'
import type { EventFilter } from '../summaries.ts'
import { type Conditions, conditions } from './query.ts'

/** `@timestamp` in microseconds, which Elasticsearch's own dates do not have. */
const TIME = 'playtrail.time'

/** The events that pass a filter. */
export function eventConditions(filter: EventFilter): Conditions {
  const found = conditions()
  found.equal('run.id', filter.runId)
  found.equal('event.action', filter.action)
  found.like('run.name', filter.playbook)
  found.like('host.name', filter.host)
  found.equal('user.name', filter.user)
  found.equal('ansible.task.key', filter.taskKey)
  if (filter.status !== undefined) found.add(statusClause(filter.status))
  found.between(TIME, filter)
  if (filter.matching !== undefined) found.add(toElasticsearch(filter.matching))
  return found
}

/** Those of them that are results of a host: what columns.ts takes for one. */
export function resultConditions(filter: EventFilter): estypes.QueryDslQueryContainer[] {
  const found = eventConditions(filter)
  found.equal('event.action', 'host.result')
  found.add({ terms: { 'ansible.result.status': [...resultStatuses] } })
  found.add({ exists: { field: 'host.name' } })
  found.add({ exists: { field: 'ansible.task.id' } })
  return found.clauses
}

/** Of a run with a status, or of a result with one: an event that has both is a result. */
function statusClause(value: string): estypes.QueryDslQueryContainer {
  const ofResult = { term: { 'ansible.result.status': { value } } }
  const ofRun = {
    bool: {
      filter: [{ term: { 'run.status': { value } } }],
      must_not: [{ exists: { field: 'ansible.result.status' } }]
    }
  }
  return { bool: { should: [ofResult, ofRun], minimum_should_match: 1 } }
}

/** Sorts events by time, and within the same time by their place in the journal. */
export function byTime(order: 'asc' | 'desc'): estypes.SortCombinations[] {
  return [TIME, 'playtrail.index', 'playtrail.log'].map((field) => ({
    [field]: { order, unmapped_type: field === 'playtrail.log' ? ('keyword' as const) : ('long' as const) }
  }))
}
