import type { Client, estypes } from '@elastic/elasticsearch'

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
  client: Client,
  index: string,
  { size, sort, filter, after, fields }: Search
): Promise<estypes.SearchHit<Source>[]> {
  const { hits } = await client.search<Source>({
    index,
    size,
    sort,
    query: { bool: { filter } },
    track_total_hits: false,
    ...(fields !== undefined && { _source: fields }),
    ...(after !== undefined && { search_after: [...after] })
  })
  return hits.hits
}
