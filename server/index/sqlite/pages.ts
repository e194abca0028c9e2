import { limits } from '../../limits.ts'
import type { Page, Position } from '../store.ts'

export interface Entry<Item> {
  item: Item
  /** Size of what the item was made of. */
  bytes: number
  position: Position
}

/** The first `limit` rows as a page. To know whether there are more it reads one row further. */
export function pageOf<Row, Item>(
  rows: Iterable<Row>,
  limit: number,
  entryOf: (row: Row) => Entry<Item>
): Page<Item> {
  const items: Item[] = []
  let bytes = 0
  let last: Position | undefined
  for (const row of rows) {
    if (items.length === limit || bytes >= limits.pageBytesMax) return { items, next: last }
    const entry = entryOf(row)
    items.push(entry.item)
    bytes += entry.bytes
    last = entry.position
  }
  return { items }
}
