import { join } from 'node:path'
import { decodeBundle } from './bundle.ts'
import type { LogDisk } from './disk.ts'
import { HASH_BYTES } from './hashes.ts'
import { levelsOf, TILE_WIDTH, type Tile, tileAt, tilePath, tilesOnLevel } from './tile.ts'

/** Every tile and bundle of a tree. */
export function* tilesOf(size: number): Generator<Tile> {
  for (let level = 0; level < levelsOf(size); level++) yield* onLevel(size, level)
  yield* onLevel(size, 'entries')
}

function* onLevel(size: number, level: Tile['level']): Generator<Tile> {
  const { full, partial } = tilesOnLevel(size, level === 'entries' ? 0 : level)
  for (let index = 0; index < full; index++) yield { level, index, width: TILE_WIDTH }
  if (partial > 0) yield { level, index: full, width: partial }
}

/**
 * The first tile of a tree that is not on disk, or is not as long as it has to be; undefined if all are there.
 * Looks at no content.
 */
export function firstMissing(disk: LogDisk, log: string, size: number): Tile | undefined {
  for (const tile of tilesOf(size)) {
    const path = join(log, tilePath(tile))
    if (!disk.exists(path)) return tile
    const bytes = disk.size(path)
    // An entry is never empty here; how long a bundle is only its content tells.
    if (tile.level === 'entries' ? bytes <= 2 * tile.width : bytes !== tile.width * HASH_BYTES) return tile
  }
  return undefined
}

/** The hashes of a tile, in a tree of `size` leaves. */
export function readHashes(disk: LogDisk, log: string, size: number, level: number, index: number): Buffer {
  const tile = tileAt(size, level, index)
  if (tile === undefined) throw new RangeError(`a tree of ${size} leaves has no tile ${level}/${index}`)
  return disk.read(join(log, tilePath(tile)))
}

/** The entries of a bundle, in a tree of `size` leaves. Throws BadEvidence if the file is none. */
export function readEntries(disk: LogDisk, log: string, size: number, index: number): Buffer[] {
  const tile = tileAt(size, 'entries', index)
  if (tile === undefined) throw new RangeError(`a tree of ${size} leaves has no bundle ${index}`)
  return decodeBundle(disk.read(join(log, tilePath(tile))), tile.width)
}
