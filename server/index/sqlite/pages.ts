import type { Page, Position } from '../store.ts'

/** A page ends early behind the item that brings it to this, so that no answer takes much memory. */
const PAGE_BYTES_MAX = 8 * 1024 * 1024

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
    if (items.length === limit || bytes >= PAGE_BYTES_MAX) return { items, next: last }
    const entry = entryOf(row)
    items.push(entry.item)
    bytes += entry.bytes
    last = entry.position
  }
  return { items }
}
