import type { Client, estypes } from '@elastic/elasticsearch'
import type { IndexNames } from './names.ts'
import { readCursors } from './state.ts'

/** Journals whose servers write to one index; more are not known. */
const JOURNALS_MAX = 1_000

/** Who writes to an index, as seen by one of them. */
export interface Journals {
  own: string
  /** Journals that have a cursor in this index, besides our own, and how far they have come. */
  others: ReadonlyMap<string, number>
  /** There are documents that do not say that they come from our own journal. */
  isShared: boolean
}

export async function readJournals(
  client: Client,
  { names, namespace, generation }: { names: IndexNames; namespace: string; generation: number },
  own: string
): Promise<Journals> {
  const { aggregations, hits } = await client.search<unknown, { logs?: { buckets: { key: string }[] } }>({
    index: names.events,
    ignore_unavailable: true,
    size: 0,
    query: { bool: { must_not: [{ term: { 'playtrail.log': own } }] } },
    track_total_hits: 1,
    aggs: { logs: { terms: { field: 'playtrail.log', size: JOURNALS_MAX } } }
  })
  const logs = (aggregations?.logs?.buckets ?? []).map(({ key }) => key)
  const cursors = await readCursors(client, namespace, generation, logs)
  const total = hits.total
  return {
    own,
    others: new Map(cursors.map(({ log, cursor }) => [log, cursor])),
    isShared: (typeof total === 'object' ? total.value : (total ?? 0)) > 0
  }
}

/** Documents that say that they come from nobody who writes here. */
export function unclaimed({ own, others }: Journals): estypes.QueryDslQueryContainer {
  return { bool: { must_not: [{ terms: { 'playtrail.log': [own, ...others.keys()] } }] } }
}
