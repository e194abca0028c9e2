import type { Client, estypes } from '@elastic/elasticsearch'
import { Problem } from '../../errors.ts'
import { unavailable } from './failures.ts'
import type { IndexNames } from './names.ts'

/** What a question is asked with. */
export interface Asking {
  client: Client
  names: IndexNames
  /** Aborted when nobody waits for the answer any more, or when it has taken too long. */
  signal: AbortSignal
  /** Time for the answer, which Elasticsearch is told as well. */
  questionMsMax: number
}

export interface Search {
  size: number
  sort: estypes.SortCombinations[]
  filter: estypes.QueryDslQueryContainer[]
  after?: readonly (string | number)[] | undefined
  /** Fields of the documents that are wanted; all if absent. */
  fields?: string[]
}

/** The documents that pass the filter, at most `size` of them, those behind the sort values `after`. */
export async function search<Source>(
  asking: Asking,
  index: string,
  { size, sort, filter, after, fields }: Search
): Promise<estypes.SearchHit<Source>[]> {
  const { hits } = await ask<Source, never>(asking, {
    index,
    size,
    sort,
    query: { bool: { filter } },
    ...(fields !== undefined && { _source: fields }),
    ...(after !== undefined && { search_after: [...after] })
  })
  return hits.hits
}

/**
 * Aggregations over the documents that pass the filter; undefined where there is no index. Members of the answer that
 * are `without` are not sent.
 */
export async function aggregate<Aggregations>(
  asking: Asking,
  index: string,
  filter: estypes.QueryDslQueryContainer[],
  aggs: { [Name in keyof Aggregations]: estypes.AggregationsAggregationContainer },
  without: readonly string[] = []
): Promise<Aggregations | undefined> {
  const answer = await ask<never, Aggregations>(asking, {
    ...{ index, size: 0, query: { bool: { filter } }, aggs },
    ...(without.length > 0 && { filter_path: without.map((member) => `-${member}`) })
  })
  return answer.aggregations
}

/**
 * Elasticsearch ends what takes too long by itself, and leaves out what is in a shard that fails: it says so in an answer
 * that is not whole, and what is missing in it must not pass for what is not there.
 */
async function ask<Source, Aggregations>(
  { client, signal, questionMsMax }: Asking,
  request: estypes.SearchRequest
): Promise<estypes.SearchResponse<Source, Aggregations>> {
  const limited = { ...request, track_total_hits: false, timeout: `${questionMsMax}ms` }
  const answer = await client.search<Source, Aggregations>(limited, { signal })
  if (answer.timed_out) throw tookTooLong(questionMsMax)
  // Absent where the caller left it out of the answer.
  const failed = answer._shards?.failed ?? 0
  if (failed > 0) throw unavailable(new Error(`of the shards of the index ${failed} did not answer`))
  return answer
}

export function tookTooLong(questionMsMax: number): Problem {
  return new Problem(
    'query_timeout',
    `The question took the index longer than ${questionMsMax / 1000} s. Narrow from, to or q.`
  )
}
