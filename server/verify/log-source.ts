import { join } from 'node:path'
import { readFileWithin } from '../read-file.ts'
import { ENTRY_BYTES_MAX, HASH_BYTES } from '../seal/hashes.ts'
import { TILE_WIDTH, type Tile, tilePath } from '../seal/tile.ts'

/** A log as it is published: a folder, or a server. */
export interface LogSource {
  /** How the log's file is named to the reader: a path, or a URL. */
  placeOf(path: string): string
  /**
   * The bytes of a file, and no more than one beyond `bytesMax`; undefined if the log has none of that name. Throws
   * Uncheckable if it cannot be read.
   */
  read(path: string, bytesMax: number): Promise<Buffer | undefined>
}

export function folderSource(log: string): LogSource {
  const placeOf = (path: string): string => join(log, path)
  return { placeOf, read: (path, bytesMax) => readFileWithin(placeOf(path), bytesMax) }
}

export interface StoredTile {
  /** Undefined: there is no such file. */
  bytes: Buffer | undefined
  place: string
  /** It is the beginning of a full one, which goes on behind what was asked for. */
  isBeginning: boolean
}

/**
 * A tile or bundle. A partial one goes when the full one is published, which begins with it: so a log can be
 * checked while it grows.
 */
export async function readTile(source: LogSource, tile: Tile): Promise<StoredTile> {
  const bytesMax = tile.level === 'entries' ? TILE_WIDTH * (2 + ENTRY_BYTES_MAX) : TILE_WIDTH * HASH_BYTES
  const path = tilePath(tile)
  const bytes = await source.read(path, bytesMax)
  if (bytes !== undefined || tile.width === TILE_WIDTH)
    return { bytes, place: source.placeOf(path), isBeginning: false }
  const fullPath = tilePath({ ...tile, width: TILE_WIDTH })
  const full = await source.read(fullPath, bytesMax)
  if (full === undefined) return { bytes, place: source.placeOf(path), isBeginning: false }
  const hashes = tile.level === 'entries' ? full : full.subarray(0, tile.width * HASH_BYTES)
  return { bytes: hashes, place: source.placeOf(fullPath), isBeginning: true }
}
