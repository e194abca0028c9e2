// Which parts of a tree make up a root or a proof: RFC 6962, section 2.1, in numbers alone. A part is the leaves
// `from` up to, but not including, `to`. Sizes go beyond 2^32, so there are no bit operations here.

export interface Range {
  readonly from: number
  readonly to: number
}

/** A complete subtree: the node `index` of those that stand over 2^height leaves each. */
export interface Subtree {
  readonly height: number
  readonly index: number
}

/** The complete subtrees that a range consists of, the largest first. `from` has to be where one may begin. */
export function subtreesOf({ from, to }: Range): Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = from; at < to; ) {
    const height = Math.floor(Math.log2(to - at))
    // The logarithm of a number just below a power of two may be rounded up to it.
    const exact = 2 ** height > to - at ? height - 1 : height
    subtrees.push({ height: exact, index: at / 2 ** exact })
    at += 2 ** exact
  }
  return subtrees
}

/** The largest power of two below `size`, where a tree of at least two leaves is split. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The parts beside the way from a leaf up to the root, from the leaf's sibling on. */
export function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const split = from + splitOf(to - from)
    if (index < split) {
      ranges.unshift({ from: split, to })
      to = split
    } else {
      ranges.unshift({ from, to: split })
      from = split
    }
  }
  return ranges
}

/** The parts that show how the tree of `oldSize` leaves became one of `newSize`; 0 < oldSize ≤ newSize. */
export function consistencyRanges(oldSize: number, newSize: number): Range[] {
  const ranges: Range[] = []
  let from = 0
  let to = newSize
  let isOldRoot = true
  while (to !== oldSize) {
    const split = from + splitOf(to - from)
    if (oldSize <= split) {
      ranges.unshift({ from: split, to })
      to = split
    } else {
      ranges.unshift({ from, to: split })
      from = split
      isOldRoot = false
    }
  }
  // The old root is known to whoever checks the proof.
  return isOldRoot ? ranges : [{ from, to }, ...ranges]
}
