import { EMPTY_ROOT, HASH_BYTES } from './hashes.ts'
import { completeRoot, foldRight } from './proofs.ts'
import { subtreesOf } from './ranges.ts'
import { TILE_WIDTH, tilesOnLevel } from './tile.ts'

/** A tile that has just become full, or the partial one at a level's end. */
export interface TileHashes {
  level: number
  index: number
  hashes: Buffer
}

/** A tree that grows. It holds its right edge alone, the partial tile of each level: 8 KiB a level. */
export interface Tree {
  readonly size: number
  /** Appends a leaf's hash. What tiles became full by it go to `onFull`, from the lowest level up. */
  append(leaf: Buffer, onFull: (tile: TileHashes) => void): void
  root(): Buffer
  /** The partial tile of each level that has one. The hashes are a copy. */
  edge(): TileHashes[]
}

/** `edge` gives the hashes of the partial tile of a level in a tree of `size` leaves. */
export function openTree(size = 0, edge: (level: number, width: number) => Buffer = noEdge): Tree {
  const levels: { hashes: Buffer; width: number; index: number }[] = []
  let leaves = size
  for (let level = 0; size >= TILE_WIDTH ** level; level++) {
    const { full, partial } = tilesOnLevel(size, level)
    const hashes = Buffer.alloc(TILE_WIDTH * HASH_BYTES)
    if (partial > 0) edge(level, partial).copy(hashes)
    levels.push({ hashes, width: partial, index: full })
  }

  function add(hash: Buffer, level: number, onFull: (tile: TileHashes) => void): void {
    const row = levels[level] ?? { hashes: Buffer.alloc(TILE_WIDTH * HASH_BYTES), width: 0, index: 0 }
    levels[level] = row
    hash.copy(row.hashes, row.width * HASH_BYTES)
    row.width += 1
    if (row.width < TILE_WIDTH) return
    const full = { level, index: row.index, hashes: Buffer.from(row.hashes) }
    row.width = 0
    row.index += 1
    onFull(full)
    add(completeRoot(full.hashes), level + 1, onFull)
  }

  return {
    get size() {
      return leaves
    },
    append(leaf, onFull) {
      add(leaf, 0, onFull)
      leaves += 1
    },
    root() {
      // From the highest level down, these are the complete subtrees of the tree, the largest first.
      const subtrees = levels.toReversed().flatMap(({ hashes, width }) =>
        subtreesOf({ from: 0, to: width }).map(({ height, index }) => {
          const start = index * 2 ** height * HASH_BYTES
          return completeRoot(hashes.subarray(start, start + 2 ** height * HASH_BYTES))
        })
      )
      return subtrees.length === 0 ? EMPTY_ROOT : foldRight(subtrees)
    },
    edge() {
      return levels.flatMap(({ hashes, width, index }, level) =>
        width === 0 ? [] : [{ level, index, hashes: Buffer.from(hashes.subarray(0, width * HASH_BYTES)) }]
      )
    }
  }
}

function noEdge(): never {
  throw new RangeError('a tree that has leaves already is opened with its right edge')
}
