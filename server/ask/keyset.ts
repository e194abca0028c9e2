import type { Page, Position } from '../index/store.ts'

/**
 * A page of a list that was made for this request: what comes behind the position `after`, in the order of the list,
 * which is that of the positions. So pages stay what they are while the list grows. No page ends early: its items are
 * sums, which are small, and are in memory already.
 */
export function pageAfter<Item>(
  items: readonly Item[],
  positionOf: (item: Item) => Position,
  { after, limit }: { after?: Position | undefined; limit: number }
): Page<Item> {
  const page: Item[] = []
  for (const item of items) {
    if (after !== undefined && !isBehind(positionOf(item), after)) continue
    const last = page.at(-1)
    if (last !== undefined && page.length === limit) return { items: page, next: positionOf(last) }
    page.push(item)
  }
  return { items: page }
}

/** Whether the one comes behind the other: the first of their values that differ decide. */
export function isBehind(one: Position, other: Position): boolean {
  for (const [at, value] of one.entries()) {
    const against = other[at]
    if (against === undefined || value > against) return true
    if (value < against) return false
  }
  return false
}
