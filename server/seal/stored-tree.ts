import { BadEvidence } from './bad-evidence.ts'
import type { LogDisk } from './disk.ts'
import { type GrowingLog, growLog } from './growing-log.ts'
import { HASH_BYTES, leafHash } from './hashes.ts'
import { completeRoot } from './proofs.ts'
import { TILE_WIDTH } from './tile.ts'
import { firstMissing, readEntries, readHashes } from './tile-files.ts'
import { openTree } from './tree.ts'

/** The signed tree as it lies on disk, while its newest leaves are compared with the journal. */
export interface StoredTree {
  /** The leaf that is compared next. */
  readonly next: number
  /** Compares the next leaf: false if another entry is on disk, or what is there does not fit together. */
  isNext(entry: Buffer): boolean
  /** The log, to go on with. */
  grow(): GrowingLog
}

/**
 * Undefined if a file is missing or too short, or if the tiles at the right edge do not give the root that was
 * signed. The newest `leavesMax` leaves, rounded up to whole tiles, are left to be compared.
 */
export function openStoredTree(
  disk: LogDisk,
  log: string,
  { size, root }: { size: number; root: Buffer },
  leavesMax: number
): StoredTree | undefined {
  if (firstMissing(disk, log, size) !== undefined) return undefined
  const edge = (level: number): Buffer =>
    readHashes(disk, log, size, level, Math.floor(size / TILE_WIDTH ** (level + 1)))
  const tree = openTree(size, edge)
  if (!tree.root().equals(root)) return undefined

  let next = Math.floor(Math.max(0, size - leavesMax) / TILE_WIDTH) * TILE_WIDTH
  let entries: Buffer[] = []
  let hashes: Buffer = Buffer.alloc(0)

  const load = (index: number): boolean => {
    entries = readEntries(disk, log, size, index)
    hashes = readHashes(disk, log, size, 0, index)
    if (hashes.length < TILE_WIDTH * HASH_BYTES) return true
    const above = readHashes(disk, log, size, 1, Math.floor(index / TILE_WIDTH))
    return completeRoot(hashes).equals(hashAt(above, index))
  }

  return {
    get next() {
      return next
    },
    isNext(entry) {
      try {
        if (next % TILE_WIDTH === 0 && !load(next / TILE_WIDTH)) return false
      } catch (error) {
        if (error instanceof BadEvidence) return false
        throw error
      }
      const isSame = entries[next % TILE_WIDTH]?.equals(entry) && leafHash(entry).equals(hashAt(hashes, next))
      if (isSame === true) next += 1
      return isSame === true
    },
    grow: () => growLog(disk, log, tree, size % TILE_WIDTH === 0 ? [] : entries)
  }
}

function hashAt(hashes: Buffer, index: number): Buffer {
  const at = (index % TILE_WIDTH) * HASH_BYTES
  return hashes.subarray(at, at + HASH_BYTES)
}
