import { HASH_BYTES, leafHash } from '../seal/hashes.ts'
import { completeRoot } from '../seal/proofs.ts'
import { levelsOf, TILE_WIDTH, type Tile, tileAt, tilesOnLevel } from '../seal/tile.ts'
import { openTree } from '../seal/tree.ts'
import type { Findings } from './findings.ts'
import { type LogSource, readTile, type StoredTile } from './log-source.ts'

// Which of two files is wrong that do not fit together: what is above them decides, up to the signed root.

export interface SignedTree {
  size: number
  root: Buffer
}

/** A tile of leaf hashes beside its bundle of entries. */
export interface Pair {
  index: number
  width: number
  hashes: StoredTile
  bundle: StoredTile
}

/** The leaves of a pair that can be believed so far. Undefined: neither file says what they are. */
export interface Leaves {
  hashes: Buffer
  /** Entries that belong to the hashes, as far as they do. */
  entries: (Buffer | undefined)[]
}

/** Compares the entries with their hashes; what is wrong is found, and named by its file and byte. */
export async function examine(
  source: LogSource,
  tree: SignedTree,
  { index, width, hashes, bundle }: Pair,
  findings: Findings
): Promise<Leaves | undefined> {
  const tile: Tile = { level: 0, index, width }
  const computed = entriesOf(bundle, width)
  const isSame = hashes.bytes !== undefined && computed.hashes.equals(hashes.bytes)
  if (isSame && computed.isWhole) return computed

  const isRead = hashes.bytes?.length === width * HASH_BYTES
  const isTileRight =
    !isSame && isRead && hashes.bytes !== undefined && (await isConfirmed(source, tree, tile, hashes.bytes))
  const isBundleRight =
    computed.isWhole && (isTileRight ? false : await isConfirmed(source, tree, tile, computed.hashes))
  const first = index * TILE_WIDTH

  if (!isTileRight && !(isSame && !computed.isWhole))
    wrongTile({ first, width, stored: hashes, right: computed, isSure: isBundleRight }, findings)
  if (!isBundleRight) wrongBundle({ first, width, bundle, computed, hashes: hashes.bytes }, findings)

  if (isTileRight || (isSame && isRead)) {
    const right = hashes.bytes ?? Buffer.alloc(0)
    return {
      hashes: right,
      entries: computed.entries.map((entry, i) =>
        hashAt(computed.hashes, i).equals(hashAt(right, i)) ? entry : undefined
      )
    }
  }
  if (computed.isWhole) return computed
  return isRead && hashes.bytes !== undefined ? { hashes: hashes.bytes, entries: [] } : undefined
}

interface Entries extends Leaves {
  entries: Buffer[]
  /** Where each entry begins in the bundle. */
  offsets: number[]
  /** The bundle has as many entries as it should, and nothing behind them. */
  isWhole: boolean
  /** Where the first thing begins that is not of them. */
  end: number
}

function entriesOf({ bytes = Buffer.alloc(0), isBeginning }: StoredTile, width: number): Entries {
  const entries: Buffer[] = []
  const offsets: number[] = []
  let offset = 0
  while (entries.length < width && offset + 2 <= bytes.length) {
    const end = offset + 2 + bytes.readUInt16BE(offset)
    if (end > bytes.length) break
    entries.push(bytes.subarray(offset + 2, end))
    offsets.push(offset)
    offset = end
  }
  const isWhole = entries.length === width && (isBeginning || offset === bytes.length)
  return { hashes: Buffer.concat(entries.map(leafHash)), entries, offsets, isWhole, end: offset }
}

function wrongTile(
  {
    first,
    width,
    stored,
    right,
    isSure
  }: { first: number; width: number; stored: StoredTile; right: Leaves; isSure: boolean },
  findings: Findings
): void {
  const { bytes, place } = stored
  if (bytes === undefined) {
    findings.add({ part: 'tree', message: 'the tile is missing', leaf: first, file: place, byte: 0 })
    return
  }
  const at = firstDifference(bytes, right.hashes)
  const isLength = bytes.length !== width * HASH_BYTES
  const length = isLength ? `; the file has ${bytes.length} bytes, expected ${width * HASH_BYTES}` : ''
  const doubt = isSure || isLength ? '' : ', or the entry is'
  findings.add({
    part: 'tree',
    message: `the leaf's hash is not the one of its entry${doubt === '' ? '' : ': one of them was changed'}${length}`,
    leaf: first + Math.min(at, width - 1),
    file: place,
    byte: at * HASH_BYTES
  })
}

function wrongBundle(
  given: { first: number; width: number; bundle: StoredTile; computed: Entries; hashes: Buffer | undefined },
  findings: Findings
): void {
  const { first, width, bundle, computed, hashes } = given
  if (bundle.bytes === undefined) {
    const message = 'the bundle of entries is missing'
    findings.add({ part: 'tree', message, leaf: first, file: bundle.place, byte: 0 })
    return
  }
  const different = hashes === undefined ? computed.entries.length : firstDifference(computed.hashes, hashes)
  const at = Math.min(different, computed.entries.length)
  findings.add({
    part: 'tree',
    message:
      at >= width
        ? computed.isWhole
          ? 'the entries are not those that were signed'
          : `the bundle goes on behind its ${width} entries`
        : at >= computed.entries.length
          ? 'the bundle ends within this entry, or before it'
          : 'the entry is not the one that was hashed',
    leaf: first + Math.min(at, width - 1),
    file: bundle.place,
    byte: computed.offsets[at] ?? computed.end
  })
}

/** True if what is above a tile, up to the signed root, says that its hashes are these. */
export async function isConfirmed(
  source: LogSource,
  tree: SignedTree,
  tile: Tile & { level?: number | 'entries' },
  hashes: Buffer
): Promise<boolean> {
  const level = Number(tile.level)
  if (tile.width < TILE_WIDTH) return await isEdge(source, tree, level, hashes)
  const above = tileAt(tree.size, level + 1, Math.floor(tile.index / TILE_WIDTH))
  if (above === undefined) return false
  const { bytes } = await readTile(source, above)
  return bytes !== undefined && completeRoot(hashes).equals(hashAt(bytes, tile.index % TILE_WIDTH))
}

/** True if the partial tiles of all levels give the signed root, with these hashes on one of them. */
async function isEdge(
  source: LogSource,
  { size, root }: SignedTree,
  of: number,
  hashes: Buffer
): Promise<boolean> {
  const rows = new Map<number, Buffer>()
  for (let level = 0; level < levelsOf(size); level++) {
    const { full, partial } = tilesOnLevel(size, level)
    if (partial === 0) continue
    const bytes =
      level === of ? hashes : (await readTile(source, { level, index: full, width: partial })).bytes
    if (bytes?.length !== partial * HASH_BYTES) return false
    rows.set(level, bytes)
  }
  const edge = (level: number): Buffer => rows.get(level) ?? Buffer.alloc(0)
  return openTree(size, edge).root().equals(root)
}

/** Number of the first hash in which two rows differ, or of the one where the shorter row ends. */
export function firstDifference(one: Buffer, other: Buffer): number {
  const count = Math.floor(Math.min(one.length, other.length) / HASH_BYTES)
  for (let at = 0; at < count; at++) if (!hashAt(one, at).equals(hashAt(other, at))) return at
  return count
}

export function hashAt(hashes: Buffer, at: number): Buffer {
  return hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
}

/** Number of the first byte in which two files differ, or of the one where the shorter file ends. */
export function firstDifferentByte(one: Buffer, other: Buffer): number {
  const length = Math.min(one.length, other.length)
  if (one.subarray(0, length).equals(other.subarray(0, length))) return length
  let at = 0
  while (one[at] === other[at]) at += 1
  return at
}
