import type { estypes } from '@elastic/elasticsearch'
import { limits } from '../../limits.ts'
import type { Page, Position } from '../store.ts'

/** Documents that are asked for at once: a page of large ones is not held in memory beyond its limit. */
const HITS_AT_ONCE = 200

interface Hit<Source> {
  _id?: string | undefined
  _source?: Source | undefined
  sort?: estypes.SortResults | undefined
}

/** Asks for at most `size` hits behind `after`. */
export type Ask<Source> = (size: number, after: Position | undefined) => Promise<Hit<Source>[]>

/**
 * The first `limit` items as a page, which ends early when they are large. To know whether there are more it asks
 * for one more.
 */
export async function pageOf<Source, Item>(
  limit: number,
  after: Position | undefined,
  ask: Ask<Source>,
  itemOf: (hit: Hit<Source>) => Item | undefined,
  hitsAtOnce = HITS_AT_ONCE
): Promise<Page<Item>> {
  const items: Item[] = []
  const seen = new Set<string | undefined>()
  let bytes = 0
  let last = after
  for (;;) {
    const wanted = Math.min(limit + 1 - items.length, hitsAtOnce)
    const hits = await ask(wanted, last)
    for (const hit of hits) {
      if (items.length === limit || bytes >= limits.pageBytesMax) return { items, next: last }
      last = (hit.sort ?? []) as (string | number)[]
      // Two indices of a data stream may both hold an event: see sent-before.ts.
      if (seen.has(hit._id)) continue
      seen.add(hit._id)
      const item = itemOf(hit)
      if (item === undefined) continue
      items.push(item)
      bytes += JSON.stringify(item).length
    }
    if (hits.length < wanted) return { items }
  }
}
