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
  const start = after === undefined ? 0 : placeBehind(items, positionOf, after)
  const page = items.slice(start, start + limit)
  const last = page.at(-1)
  if (last !== undefined && start + limit < items.length) return { items: page, next: positionOf(last) }
  return { items: page }
}

/** The place of the first item behind the position: an export asks for it anew with each page. */
function placeBehind<Item>(
  items: readonly Item[],
  positionOf: (item: Item) => Position,
  after: Position
): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item === undefined || isBehind(positionOf(item), after)) high = middle
    else low = middle + 1
  }
  return low
}

/** Whether the one comes behind the other. */
export function isBehind(one: Position, other: Position): boolean {
  return comparePositions(one, other) > 0
}

/** The order of positions, for sorting: the first of their values that differ decide. */
export function comparePositions(one: Position, other: Position): number {
  for (const [at, value] of one.entries()) {
    const against = other[at]
    if (against === undefined || value > against) return 1
    if (value < against) return -1
  }
  return 0
}
