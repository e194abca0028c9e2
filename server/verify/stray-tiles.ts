import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Uncheckable } from '../index/reconcile/comparable.ts'
import { HASH_BYTES } from '../seal/hashes.ts'
import { parseTilePath, type Tile, tileAt } from '../seal/tile.ts'
import { firstDifferentByte } from './examine.ts'
import type { Findings } from './findings.ts'
import { folderSource, readTile } from './log-source.ts'

/**
 * Looks at what lies beside the tiles of the published tree: partial tiles of older checkpoints, which others may still
 * read, have to be the beginning of what is there now. Others are only mentioned.
 */
export async function compareStrays(
  log: string,
  size: number,
  findings: Findings,
  notes: string[]
): Promise<void> {
  let ahead = 0
  let unknown = 0
  for await (const path of filesBelow(join(log, 'tile'))) {
    const tile = parseTilePath(relative(log, path).split(sep).join('/'))
    const there = tile && tileAt(size, tile.level, tile.index)
    if (tile === undefined) unknown += 1
    else if (there === undefined || tile.width > there.width) ahead += 1
    else if (tile.width < there.width) await compareOne(log, tile, there, findings)
  }
  if (ahead > 0) notes.push(`${ahead} tiles and bundles are of more leaves than are published: not checked.`)
  if (unknown > 0) notes.push(`${unknown} files in ${join(log, 'tile')} are no tiles: not checked.`)
}

async function compareOne(log: string, older: Tile, now: Tile, findings: Findings): Promise<void> {
  const source = folderSource(log)
  const [one, other] = [await readTile(source, older), await readTile(source, now)]
  // It goes when a full one takes its place.
  if (one.bytes === undefined || one.isBeginning || other.bytes === undefined) return
  const byte = firstDifferentByte(one.bytes, other.bytes)
  const isBeginning = byte === one.bytes.length
  if (isBeginning && widthOf(one.bytes, older) === older.width) return
  const message = 'this older partial tile is not the beginning of the one in its place'
  findings.add({ part: 'tree', message, file: one.place, byte })
}

/** Hashes or entries in these bytes; not whole if the last one is cut. */
function widthOf(bytes: Buffer, { level }: Tile): number {
  if (level !== 'entries') return bytes.length / HASH_BYTES
  let width = 0
  let offset = 0
  while (offset + 2 <= bytes.length) {
    offset += 2 + bytes.readUInt16BE(offset)
    width += 1
  }
  return offset === bytes.length ? width : Number.NaN
}

async function* filesBelow(directory: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(directory, { recursive: true }))
      if (!entry.isDirectory()) yield pathOf(entry)
  } catch (error) {
    // A folder of partial tiles goes while the log grows; of an empty log there is none.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw new Uncheckable(`${directory} cannot be read: ${String(error)}`, { cause: error })
  }
}

function pathOf({ parentPath, name }: Dirent): string {
  return join(parentPath, name)
}
