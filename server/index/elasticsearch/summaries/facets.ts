import type { estypes } from '@elastic/elasticsearch'
import { limits } from '../../../limits.ts'
import type { EventFilter, Facet, FacetField } from '../../summaries.ts'
import { eventConditions } from '../event-conditions.ts'
import { type Asking, aggregate } from '../search.ts'
import { tooManyGroups } from './groups.ts'

interface Values {
  buckets: { key: string; doc_count: number }[]
  sum_other_doc_count: number
  /** 0 where every shard has told of all its values. */
  doc_count_error_upper_bound: number
}

const RESULT_STATUS = 'ansible.result.status'
const RUN_STATUS = 'run.status'

export async function findFacets(
  asking: Asking,
  filter: EventFilter,
  fields: readonly FacetField[],
  valuesMax: number
): Promise<Facet[]> {
  if (fields.length === 0) return []
  const aggs = Object.fromEntries(fields.flatMap((field) => aggregationsOf(field, valuesMax)))
  const { clauses } = eventConditions(filter)
  const answer = await aggregate<Record<string, Values | { values: Values }>>(
    asking,
    asking.names.events,
    clauses,
    aggs
  )
  const valuesAt = (name: string): Values[] => {
    const found = answer?.[name]
    return found === undefined ? [] : ['values' in found ? found.values : found]
  }
  return fields.map((field) =>
    field === 'status'
      ? facetOf(field, [...valuesAt(RESULT_STATUS), ...valuesAt(RUN_STATUS)], valuesMax)
      : facetOf(field, valuesAt(field), valuesMax)
  )
}

/** The facets of no events. */
export function noFacets(fields: readonly FacetField[]): Facet[] {
  return fields.map((field) => ({ field, values: [], others: 0 }))
}

type Aggregation = estypes.AggregationsAggregationContainer

function aggregationsOf(field: FacetField, valuesMax: number): [name: string, Aggregation][] {
  if (field !== 'status') return [[field, valuesOf(field, valuesMax)]]
  // There are few, so that they can be asked for whole and added up.
  const ofRuns = valuesOf(RUN_STATUS, limits.groupsMax)
  return [
    [RESULT_STATUS, valuesOf(RESULT_STATUS, limits.groupsMax)],
    [
      RUN_STATUS,
      { filter: { bool: { must_not: [{ exists: { field: RESULT_STATUS } }] } }, aggs: { values: ofRuns } }
    ]
  ]
}

/** The greatest counts are exact where each shard tells of all values that it has. */
function valuesOf(field: string, size: number): Aggregation {
  return { terms: { field, size, shard_size: limits.groupsMax + 1 } }
}

function facetOf(field: FacetField, found: readonly Values[], valuesMax: number): Facet {
  if (found.some((values) => values.doc_count_error_upper_bound > 0))
    throw tooManyGroups(`values of ${field}`)
  const counts = new Map<string, number>()
  for (const { key, doc_count } of found.flatMap(({ buckets }) => buckets))
    counts.set(key, (counts.get(key) ?? 0) + doc_count)
  const values = [...counts]
    .map(([value, events]) => ({ value, events }))
    .sort((one, other) => other.events - one.events || (one.value < other.value ? -1 : 1))
  const beyond = values.splice(valuesMax).reduce((sum, { events }) => sum + events, 0)
  const others = found.reduce((sum, each) => sum + each.sum_other_doc_count, beyond)
  return { field, values, others }
}
