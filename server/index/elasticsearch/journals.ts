import type { Client, estypes } from '@elastic/elasticsearch'
import type { IndexNames } from './names.ts'
import { readCursors } from './state.ts'

/** Journals whose servers write to one index; more are not known. */
const JOURNALS_MAX = 1_000

/** The journals that the documents of an index say they come from, and how many of each; of those that match. */
export async function logsIn(
  client: Client,
  index: string,
  query?: estypes.QueryDslQueryContainer
): Promise<{ logs: { key: string; doc_count: number }[]; isAny: boolean }> {
  const { aggregations, hits } = await client.search<
    unknown,
    { logs?: { buckets: { key: string; doc_count: number }[] } }
  >({
    index,
    ignore_unavailable: true,
    size: 0,
    ...(query !== undefined && { query }),
    track_total_hits: 1,
    aggs: { logs: { terms: { field: 'playtrail.log', size: JOURNALS_MAX } } }
  })
  const { total } = hits
  const isAny = (typeof total === 'object' ? total.value : (total ?? 0)) > 0
  return { logs: aggregations?.logs?.buckets ?? [], isAny }
}

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
  const { logs, isAny } = await logsIn(client, names.events, {
    bool: { must_not: [{ term: { 'playtrail.log': own } }] }
  })
  const cursors = await readCursors(
    client,
    namespace,
    generation,
    logs.map(({ key }) => key)
  )
  return { own, others: new Map(cursors.map(({ log, cursor }) => [log, cursor])), isShared: isAny }
}

/** Documents that say that they come from nobody who writes here. */
export function unclaimed({ own, others }: Journals): estypes.QueryDslQueryContainer {
  return { bool: { must_not: [{ terms: { 'playtrail.log': [own, ...others.keys()] } }] } }
}
