import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeBundle, encodeBundle } from './bundle.ts'
import { HASH_BYTES } from './hashes.ts'
import { TILE_WIDTH, type Tile, tileAt, tilePath } from './tile.ts'

/**
 * The bytes of a tile or bundle of the tree that is published; undefined if that has none. A partial one is the
 * beginning of what has taken its place by now, so that whoever has an older checkpoint still finds it.
 */
export async function readPublished(
  log: string,
  publishedSize: () => number,
  tile: Tile
): Promise<Buffer | undefined> {
  for (;;) {
    const size = publishedSize()
    const there = tileAt(size, tile.level, tile.index)
    if (there === undefined || there.width < tile.width) return undefined
    for (const file of [there, { ...there, width: TILE_WIDTH }]) {
      try {
        return beginningOf(await readFile(join(log, tilePath(file))), file, tile.width)
      } catch (error) {
        // A partial tile is removed when the full one is published, of which this thread may not have heard yet.
        const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
        if (!isGone || (file.width === TILE_WIDTH && publishedSize() === size)) throw error
      }
    }
  }
}

function beginningOf(bytes: Buffer, { level, width: whole }: Tile, width: number): Buffer {
  if (width === whole) return bytes
  if (level !== 'entries') return bytes.subarray(0, width * HASH_BYTES)
  return encodeBundle(decodeBundle(bytes, whole).slice(0, width))
}
