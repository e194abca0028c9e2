import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hashes.ts'
import { consistencyRanges, inclusionRanges, type Range, type Subtree, subtreesOf } from './ranges.ts'
import { TILE_WIDTH, type Tile, tileAt } from './tile.ts'

/** A tile is eight levels of the tree high. */
const TILE_HEIGHT = 8

/** Gives the hashes of a tile, all of them: `width` × 32 bytes. */
export type ReadTile = (tile: Tile) => Promise<Buffer>

/** Root of the tree of `size` leaves. */
export async function rootOf(read: ReadTile, size: number): Promise<Buffer> {
  return size === 0 ? EMPTY_ROOT : await hashOfRange(read, { from: 0, to: size }, size)
}

/** The hashes that prove that leaf `index` is in the tree of `size` leaves, from its sibling upward. */
export async function inclusionProof(read: ReadTile, index: number, size: number): Promise<Buffer[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size} leaves`)
  return await hashesOf(read, inclusionRanges(index, size), size)
}

/** The hashes that prove that the first `oldSize` of `newSize` leaves are what they were. */
export async function consistencyProof(read: ReadTile, oldSize: number, newSize: number): Promise<Buffer[]> {
  if (!(oldSize >= 0 && oldSize <= newSize))
    throw new RangeError(`a tree of ${newSize} leaves has never had ${oldSize}`)
  // Every tree is consistent with the empty one.
  if (oldSize === 0) return []
  return await hashesOf(read, consistencyRanges(oldSize, newSize), newSize)
}

/** Neighbouring ranges lie in the same few tiles, so each tile is read once. */
async function hashesOf(read: ReadTile, ranges: readonly Range[], size: number): Promise<Buffer[]> {
  const tiles = new Map<string, Promise<Buffer>>()
  const readOnce: ReadTile = (tile) => {
    const key = `${tile.level}/${tile.index}`
    const known = tiles.get(key) ?? read(tile)
    tiles.set(key, known)
    return known
  }
  return await Promise.all(ranges.map((range) => hashOfRange(readOnce, range, size)))
}

async function hashOfRange(read: ReadTile, range: Range, size: number): Promise<Buffer> {
  const subtrees = subtreesOf(range)
  return foldRight(await Promise.all(subtrees.map((subtree) => subtreeHash(read, subtree, size))))
}

/** Joins what stands side by side, the largest first, as a tree does that is not complete. */
export function foldRight(hashes: readonly Buffer[]): Buffer {
  return hashes.reduceRight((right, left) => nodeHash(left, right))
}

async function subtreeHash(read: ReadTile, { height, index }: Subtree, size: number): Promise<Buffer> {
  const level = Math.floor(height / TILE_HEIGHT)
  const width = 2 ** (height % TILE_HEIGHT)
  const first = index * width
  const tile = tileAt(size, level, Math.floor(first / TILE_WIDTH))
  if (tile === undefined) throw new RangeError(`a tree of ${size} leaves has no such part`)
  const hashes = await read(tile)
  const start = (first % TILE_WIDTH) * HASH_BYTES
  return completeRoot(hashes.subarray(start, start + width * HASH_BYTES))
}

/** Root over hashes that are a power of two in number. */
export function completeRoot(hashes: Buffer): Buffer {
  let row = Buffer.from(hashes)
  while (row.length > HASH_BYTES) {
    for (let at = 0; at < row.length; at += 2 * HASH_BYTES) {
      const right = at + HASH_BYTES
      nodeHash(row.subarray(at, right), row.subarray(right, right + HASH_BYTES)).copy(row, at / 2)
    }
    row = row.subarray(0, row.length / 2)
  }
  return row
}
