// Where the hashes and entries of a log lie: https://c2sp.org/tlog-tiles.
//
//   tile/<level>/<N>[.p/<width>]     256 hashes; level 0 holds leaf hashes, each level above it the root of
//                                    every full tile below
//   tile/entries/<N>[.p/<width>]     the entries of the leaf hashes of tile N, level 0
//
// `.p/<width>` is a partial tile, of 1 to 255. N stands in groups of three digits, all but the last with an
// `x` before them: 1234067 is x001/x234/067.

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256
/** The specification's: no tree comes near it. */
const LEVELS_MAX = 64

export interface Tile {
  /** `entries` is the bundle beside the tile of level 0. */
  readonly level: number | 'entries'
  readonly index: number
  /** Hashes or entries in it, 1 to 256. */
  readonly width: number
}

/** The tiles of hashes of a tree on one level: how many are full, and how wide the partial one is (0: none). */
export function tilesOnLevel(size: number, level: number): { full: number; partial: number } {
  const hashes = Math.floor(size / TILE_WIDTH ** level)
  return { full: Math.floor(hashes / TILE_WIDTH), partial: hashes % TILE_WIDTH }
}

/** The tile with this index as a tree of `size` leaves has it, or undefined if it has none. */
export function tileAt(size: number, level: Tile['level'], index: number): Tile | undefined {
  const { full, partial } = tilesOnLevel(size, level === 'entries' ? 0 : level)
  if (index < full) return { level, index, width: TILE_WIDTH }
  return index === full && partial > 0 ? { level, index, width: partial } : undefined
}

/** How many levels have tiles in a tree of `size` leaves. */
export function levelsOf(size: number): number {
  let levels = 0
  while (size >= TILE_WIDTH ** levels) levels += 1
  return levels
}

export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  const last = groups.pop()
  const name = [...groups.map((group) => `x${group}`), last].join('/')
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`
}

const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/

/** The tile of a path, or undefined if no tile has it. */
export function parseTilePath(path: string): Tile | undefined {
  const [, levelText, name, widthText] = PATH.exec(path) ?? []
  if (levelText === undefined || name === undefined) return undefined
  const level = levelText === 'entries' ? 'entries' : Number(levelText)
  const tile: Tile = {
    level,
    index: Number(name.replaceAll(/[x/]/g, '')),
    width: widthText === undefined ? TILE_WIDTH : Number(widthText)
  }
  if ((level !== 'entries' && level >= LEVELS_MAX) || tile.width > TILE_WIDTH) return undefined
  // There is one path a tile: no zeros before the number, no partial path of a full tile.
  return Number.isSafeInteger(tile.index) && tilePath(tile) === path ? tile : undefined
}
