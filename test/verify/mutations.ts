import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { DataFolder } from '../../server/data-folder.ts'
import { SEGMENT_HEADER_BYTES, segmentFirst } from '../../server/journal/segment.ts'
import { HASH_BYTES } from '../../server/seal/hashes.ts'
import { parseTilePath, TILE_WIDTH } from '../../server/seal/tile.ts'
import type { Random } from '../support/random.ts'
import { change } from './world.ts'

// Each kind of damage, at a place that is drawn: what was done, and where verify has to find it.

export type Target = 'journal' | 'tile' | 'bundle' | 'checkpoint' | 'last-signed'
export type Kind = 'flip' | 'insert' | 'delete' | 'swap' | 'truncate' | 'remove'

export const targets: readonly [Target, ...Target[]] = [
  'journal',
  'tile',
  'bundle',
  'checkpoint',
  'last-signed'
]
export const kinds: readonly [Kind, ...Kind[]] = ['flip', 'insert', 'delete', 'swap', 'truncate', 'remove']

export interface Damage {
  kind: Kind
  file: string
  /** The first byte that is another one. */
  byte: number
  /** The leaf that it belongs to; undefined for a signed file, and for what is of no single leaf. */
  leaf: number | undefined
}

/** Damages a file. Undefined if this kind makes no difference there, or no sense: draw again. */
export function damage(folder: DataFolder, target: Target, kind: Kind, random: Random): Damage | undefined {
  const file = drawn(filesOf(folder, target), random)
  // Another damage may have removed it.
  if (!existsSync(file)) return undefined
  const before = readFileSync(file)
  if (kind === 'remove') {
    // Without a checkpoint there is nothing to be checked; an older partial tile may go.
    if (target === 'checkpoint' || isOutgrown(folder, file)) return undefined
    rmSync(file)
    return { kind, file, byte: 0, leaf: leafAt(folder, file, before, 0) }
  }
  const after = changed(before, unitsOf(target, before), kind, random)
  // Bytes behind the journal's end are a write under way.
  if (after === undefined || after.equals(before) || after.subarray(0, before.length).equals(before))
    return undefined
  change(file, () => after)
  const byte = firstDifference(before, after)
  return { kind, file, byte, leaf: leafAt(folder, file, before, byte) }
}

function changed(bytes: Buffer, units: Unit[], kind: Kind, random: Random): Buffer | undefined {
  const at = random.integer(bytes.length)
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (kind) {
    case 'flip': {
      const copy = Buffer.from(bytes)
      copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.integer(8)), at)
      return copy
    }
    case 'insert': {
      const added = Array.from({ length: 1 + random.integer(40) }, () => random.integer(256))
      return Buffer.concat([head, Buffer.from(added), tail])
    }
    case 'delete':
      return Buffer.concat([head, tail.subarray(1 + random.integer(40))])
    case 'truncate':
      return Buffer.from(head)
    case 'swap': {
      if (units.length < 2) return undefined
      const first = random.integer(units.length - 1)
      const second = first + 1 + random.integer(units.length - first - 1)
      return swapped(bytes, units[first], units[second])
    }
    case 'remove':
      return undefined
  }
}

interface Unit {
  start: number
  end: number
}

function swapped(bytes: Buffer, one: Unit | undefined, other: Unit | undefined): Buffer | undefined {
  if (one === undefined || other === undefined) return undefined
  return Buffer.concat([
    bytes.subarray(0, one.start),
    bytes.subarray(other.start, other.end),
    bytes.subarray(one.end, other.start),
    bytes.subarray(one.start, one.end),
    bytes.subarray(other.end)
  ])
}

/** Records, hashes, entries or lines. What was damaged before, and has no end any more, is one up to the file's end. */
function unitsOf(target: Target, bytes: Buffer): Unit[] {
  const units: Unit[] = []
  for (let start = target === 'journal' ? SEGMENT_HEADER_BYTES : 0; start < bytes.length; ) {
    const length = lengthOf(target, bytes.subarray(start))
    const end = length > 0 ? Math.min(start + length, bytes.length) : bytes.length
    units.push({ start, end })
    start = end
  }
  return units
}

/** How long the unit says that it is, which the bytes begin with; 0 if it does not say. */
function lengthOf(target: Target, bytes: Buffer): number {
  if (target === 'journal') return bytes.length < 12 ? 0 : bytes.readUInt32LE(8)
  if (target === 'tile') return HASH_BYTES
  if (target === 'bundle') return bytes.length < 2 ? 0 : 2 + bytes.readUInt16BE(0)
  return bytes.indexOf('\n') + 1
}

function filesOf(folder: DataFolder, target: Target): string[] {
  if (target === 'checkpoint') return [join(folder.logFolder, 'checkpoint')]
  if (target === 'last-signed') return [join(folder.keys, 'last-signed')]
  if (target === 'journal') return readdirSync(folder.journal).map((name) => join(folder.journal, name))
  const isBundle = (path: string): boolean => path.includes('/entries/')
  return readdirSync(join(folder.logFolder, 'tile'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => isBundle(path) === (target === 'bundle'))
    .sort()
}

function leafAt({ logFolder }: DataFolder, file: string, before: Buffer, byte: number): number | undefined {
  const first = segmentFirst(file.slice(-'00000000000000000000.segment'.length))
  if (first !== undefined) return first + unitAt(unitsOf('journal', before), byte)
  const tile = parseTilePath(relative(logFolder, file))
  if (tile === undefined) return undefined
  const at = unitAt(unitsOf(tile.level === 'entries' ? 'bundle' : 'tile', before), byte)
  const span = tile.level === 'entries' ? 1 : TILE_WIDTH ** tile.level
  return (tile.index * TILE_WIDTH + at) * span
}

function unitAt(units: Unit[], byte: number): number {
  const at = units.findIndex(({ end }) => byte < end)
  return at === -1 ? units.length - 1 : at
}

/** A partial tile of an older checkpoint: nothing that is published needs it. */
export function isOutgrown({ logFolder }: DataFolder, file: string): boolean {
  const tile = parseTilePath(relative(logFolder, file))
  if (tile === undefined || tile.width === TILE_WIDTH) return false
  const beside = readdirSync(join(file, '..')).map(Number)
  return beside.some((width) => width > tile.width)
}

function firstDifference(one: Buffer, other: Buffer): number {
  let at = 0
  while (at < Math.min(one.length, other.length) && one[at] === other[at]) at += 1
  return at
}

function drawn(values: string[], random: Random): string {
  const value = values[random.integer(values.length)]
  if (value === undefined) throw new Error('there is no such file')
  return value
}
