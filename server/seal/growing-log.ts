import { join } from 'node:path'
import { encodeBundle } from './bundle.ts'
import { type LogDisk, writeFiles } from './disk.ts'
import { HASH_BYTES, leafHash } from './hashes.ts'
import { TILE_WIDTH, type Tile, tilePath } from './tile.ts'
import { openTree, type Tree } from './tree.ts'

/** Files that wait in memory before they are written, in a row that is not signed in between. */
const WAITING_FILES_MAX = 128

/** A tree and its files: what is appended is in memory until `flush`. */
export interface GrowingLog {
  readonly tree: Tree
  append(entry: Buffer): void
  /** Writes all tiles and bundles that the tree of this size needs and that are not on disk yet, durably. */
  flush(): void
  /** The same log, whose files are in another folder now. Everything has to be flushed. */
  movedTo(log: string): GrowingLog
  /** Removes partial tiles in whose place there is a full one now, which is published. */
  removePartials(): void
}

/**
 * @param tree the tree as it is on disk
 * @param entries those of its partial bundle
 */
export function growLog(
  disk: LogDisk,
  log: string,
  tree: Tree = openTree(),
  entries: Buffer[] = []
): GrowingLog {
  const waiting = new Map<string, Uint8Array>()
  const settled = new Set<string>()
  const outgrown: string[] = []
  let bundle = entries

  const full = (tile: Pick<Tile, 'level' | 'index'>, content: Buffer): void => {
    const path = tilePath({ ...tile, width: TILE_WIDTH })
    waiting.set(path, content)
    outgrown.push(`${path}.p`)
  }
  const write = (): void => {
    writeFiles(disk, log, waiting, settled)
    waiting.clear()
  }

  return {
    tree,
    append(entry) {
      bundle.push(entry)
      if (bundle.length === TILE_WIDTH) {
        full({ level: 'entries', index: Math.floor(tree.size / TILE_WIDTH) }, encodeBundle(bundle))
        bundle = []
      }
      tree.append(leafHash(entry), ({ level, index, hashes }) => full({ level, index }, hashes))
      if (waiting.size >= WAITING_FILES_MAX) write()
    },
    flush() {
      for (const { level, index, hashes } of tree.edge())
        waiting.set(tilePath({ level, index, width: hashes.length / HASH_BYTES }), hashes)
      if (bundle.length > 0) {
        const index = Math.floor(tree.size / TILE_WIDTH)
        waiting.set(tilePath({ level: 'entries', index, width: bundle.length }), encodeBundle(bundle))
      }
      write()
    },
    movedTo: (place) => growLog(disk, place, tree, bundle),
    removePartials() {
      for (const path of outgrown.splice(0)) {
        if (!disk.exists(join(log, path))) continue
        disk.removeDirectory(join(log, path))
        settled.delete(join(log, path))
      }
    }
  }
}
