import type { Client, estypes } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import { documentIn } from './documents-by-id.ts'
import { statusOf } from './failures.ts'

const KEEP_ALIVE = '5m'

export type Hit<Source> = estypes.SearchHit<Source>

export interface Scan {
  index: string
  query: estypes.QueryDslQueryContainer
  sort?: estypes.SortCombinations[]
}

/** Reads all of a question's documents, page by page, of one state of an index for as long as a pass goes on. */
export interface Scanner {
  hits<Source>(scan: Scan): AsyncGenerator<Hit<Source>>
  /** What comes then sees the index as it is by then. */
  renew(): Promise<void>
}

/**
 * Points in time make pages that neither repeat nor leave out a document, even where several have the same sort
 * values (docs.elastic.co, "Paginate search results").
 */
export function openScanner(client: Client): Scanner {
  const points = new Map<string, string>()

  async function pointOf(index: string): Promise<string | undefined> {
    const known = points.get(index)
    if (known !== undefined) return known
    try {
      const { id } = await client.openPointInTime({ index, keep_alive: KEEP_ALIVE })
      points.set(index, id)
      return id
    } catch (error) {
      // Nothing was ever written there.
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }

  return {
    async *hits<Source>({ index, query, sort = [] }: Scan) {
      if ((await pointOf(index)) === undefined) return
      let after: estypes.SortResults | undefined
      for (;;) {
        const { hits, pit_id } = await client.search<Source>({
          pit: { id: points.get(index) ?? '', keep_alive: KEEP_ALIVE },
          size: limits.reconcilePageItems,
          query: { bool: { filter: [query] } },
          sort: [...sort, { _shard_doc: 'asc' }],
          track_total_hits: false,
          ...(after !== undefined && { search_after: after })
        })
        if (pit_id !== undefined) points.set(index, pit_id)
        yield* hits.hits
        after = hits.hits.at(-1)?.sort
        if (hits.hits.length < limits.reconcilePageItems) return
      }
    },
    async renew() {
      for (const id of points.values()) await client.closePointInTime({ id })
      points.clear()
    }
  }
}

/** Documents by id, as they are by now; `docs` that are not there are left out. */
export async function getDocuments<Source>(
  client: Client,
  docs: readonly { _index: string; _id: string }[]
): Promise<estypes.GetGetResult<Source>[]> {
  const found: estypes.GetGetResult<Source>[] = []
  for (let at = 0; at < docs.length; at += limits.reconcilePageItems) {
    const answer = await client.mget<Source>({ docs: docs.slice(at, at + limits.reconcilePageItems) })
    found.push(...answer.docs.flatMap((item) => documentIn(item) ?? []))
  }
  return found
}
