import type Database from 'better-sqlite3'
import type { ResultStatus } from '../store.ts'

// How a row of `task_tallies` keeps its durations: an entry of 6 bytes for each range that has any,
//   range × 4 + status uint16 | how many uint32
// little-endian, in no order. Ranges are those of durations.ts, which are fewer than 2^14.

const ENTRY_BYTES = 6
/** Those whose durations are measured, in the order of their numbers. */
export const timedStatuses = ['ok', 'changed', 'failed'] as const satisfies readonly ResultStatus[]

/** How many durations there are of each range and status, by `placeOf`. */
export type PlacedCounts = Map<number, number>

/** Where the durations of a range and a status are counted; undefined where they are not. */
export function placeOf(range: number, status: ResultStatus): number | undefined {
  const number = (timedStatuses as readonly ResultStatus[]).indexOf(status)
  return number < 0 ? undefined : range * 4 + number
}

export function encodeCounts(counts: PlacedCounts): Buffer {
  const bytes = Buffer.alloc(counts.size * ENTRY_BYTES)
  let offset = 0
  for (const [place, count] of counts) {
    bytes.writeUInt16LE(place, offset)
    bytes.writeUInt32LE(count, offset + 2)
    offset += ENTRY_BYTES
  }
  return bytes
}

/** Adds what `bytes` holds to `counts`. */
export function addCounts(counts: PlacedCounts, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length; offset += ENTRY_BYTES) {
    const place = bytes.readUInt16LE(offset)
    counts.set(place, (counts.get(place) ?? 0) + bytes.readUInt32LE(offset + 2))
  }
}

/** Adds what `bytes` holds of some statuses to counts by range. */
export function addRanges(ranges: Uint32Array, bytes: Buffer, isWanted: readonly boolean[]): void {
  for (let offset = 0; offset < bytes.length; offset += ENTRY_BYTES) {
    const place = bytes.readUInt16LE(offset)
    const range = place >> 2
    if (isWanted[place & 3] === true) ranges[range] = (ranges[range] ?? 0) + bytes.readUInt32LE(offset + 2)
  }
}

/** Adds the functions with which SQL adds two of them up, and takes one from the other. */
export function addDurationFunctions(db: Database.Database): void {
  db.function('playtrail_add_durations', { deterministic: true }, (one: unknown, other: unknown) => {
    if (!Buffer.isBuffer(one) || !Buffer.isBuffer(other)) return one ?? other
    const counts: PlacedCounts = new Map()
    addCounts(counts, one)
    addCounts(counts, other)
    return encodeCounts(counts)
  })
  db.function('playtrail_take_durations', { deterministic: true }, (one: unknown, other: unknown) => {
    if (!Buffer.isBuffer(one) || !Buffer.isBuffer(other)) return one
    const counts: PlacedCounts = new Map()
    const taken: PlacedCounts = new Map()
    addCounts(counts, one)
    addCounts(taken, other)
    for (const [place, count] of taken) counts.set(place, (counts.get(place) ?? 0) - count)
    const left = new Map([...counts].filter(([, count]) => count > 0))
    return left.size === 0 ? null : encodeCounts(left)
  })
}
