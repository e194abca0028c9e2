import { limits } from '../limits.ts'
import { HASH_BYTES } from '../seal/hashes.ts'
import { TILE_WIDTH, tileAt } from '../seal/tile.ts'
import { openTree, type TileHashes, type Tree } from '../seal/tree.ts'
import { examine, firstDifference, isConfirmed, type Leaves, type Pair, type SignedTree } from './examine.ts'
import type { Findings } from './findings.ts'
import { type LogSource, readTile } from './log-source.ts'

/** Leaves in a row, and the tree up to and with them. */
export interface Portion extends Leaves {
  first: number
}

export interface TreeCounts {
  entries: number
  bundles: number
  tiles: number
}

/**
 * Reads the whole log once, a bundle at a time, and makes the tree anew: each entry against its hash, each tile against
 * what is below it, and the root. `tree` grows with it. False: it could not be followed to its end.
 */
export async function verifyTree(
  source: LogSource,
  signed: SignedTree,
  findings: Findings,
  visit: (portion: Portion, append: (count: number) => void) => Promise<void>,
  tree: Tree = openTree()
): Promise<{ counts: TreeCounts; isWhole: boolean }> {
  const counts = { entries: 0, bundles: 0, tiles: 0 }
  const before = findings.count
  const full: TileHashes[] = []
  for await (const pair of pairsOf(source, signed.size)) {
    const leaves = await examine(source, signed, pair, findings)
    if (leaves === undefined) return { counts, isWhole: false }
    counts.bundles += 1
    counts.tiles += 1
    counts.entries += pair.width
    let appended = 0
    const append = (count: number): void => {
      for (; appended < count; appended++) {
        const at = appended * HASH_BYTES
        tree.append(leaves.hashes.subarray(at, at + HASH_BYTES), (tile) => full.push(tile))
      }
    }
    await visit({ first: pair.index * TILE_WIDTH, ...leaves }, append)
    append(pair.width)
    for (const tile of full.splice(0)) counts.tiles += await compareTile(source, signed, tile, findings)
  }
  for (const tile of tree.edge()) counts.tiles += await compareTile(source, signed, tile, findings)
  const root = tree.root()
  if (findings.count === before && !root.equals(signed.root)) {
    findings.add({
      part: 'tree',
      message: `the entries give the root ${root.toString('base64')}, the checkpoint says ${signed.root.toString('base64')}: it is not the checkpoint of this log`,
      file: source.placeOf('checkpoint')
    })
  }
  return { counts, isWhole: true }
}

/** Tiles and bundles in order; some are fetched ahead, which matters where the log is far away. */
async function* pairsOf(source: LogSource, size: number): AsyncGenerator<Pair> {
  const ahead: Promise<Pair>[] = []
  let next = 0
  for (;;) {
    while (ahead.length < limits.verifyAheadMax) {
      const tile = tileAt(size, 0, next)
      if (tile === undefined) break
      const pair = readPair(source, next, tile.width)
      // It is awaited below, unless an earlier one fails.
      pair.catch(() => undefined)
      ahead.push(pair)
      next += 1
    }
    const pair = ahead.shift()
    if (pair === undefined) return
    yield await pair
  }
}

async function readPair(source: LogSource, index: number, width: number): Promise<Pair> {
  const hashes = await readTile(source, { level: 0, index, width })
  const bundle = await readTile(source, { level: 'entries', index, width })
  return { index, width, hashes, bundle }
}

/** Compares a tile above the leaves with what the tiles below it give; returns how many tiles that were. */
async function compareTile(
  source: LogSource,
  signed: SignedTree,
  { level, index, hashes }: TileHashes,
  findings: Findings
): Promise<number> {
  // Those of the leaves were compared with the entries.
  if (level === 0) return 0
  const tile = { level, index, width: hashes.length / HASH_BYTES }
  const { bytes, place } = await readTile(source, tile)
  if (bytes?.equals(hashes)) return 1
  const span = TILE_WIDTH ** level
  const leafOf = (at: number): number => (index * TILE_WIDTH + at) * span
  if (bytes === undefined) {
    const message = 'the tile is missing'
    findings.add({ part: 'tree', message, leaf: leafOf(0), file: place, byte: 0 })
    return 1
  }
  const at = firstDifference(bytes, hashes)
  const leaf = leafOf(Math.min(at, tile.width - 1))
  const isLonger = bytes.length !== hashes.length
  if (!isLonger && (await isConfirmed(source, signed, tile, bytes))) {
    const below = { level: level - 1, index: index * TILE_WIDTH + at, width: TILE_WIDTH }
    const file = (await readTile(source, below)).place
    const message = `the ${span} leaves from here on are not those that were signed: their hashes were changed together`
    findings.add({ part: 'tree', message, leaf, file, byte: 0 })
    return 1
  }
  const length = isLonger ? `; the file has ${bytes.length} bytes, expected ${hashes.length}` : ''
  const message = `the hash is not the one of the tile below it${length}`
  findings.add({ part: 'tree', message, leaf, file: place, byte: at * HASH_BYTES })
  return 1
}
