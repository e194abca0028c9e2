import { BadEvidence } from './bad-evidence.ts'
import { ENTRY_BYTES_MAX } from './hashes.ts'

// An entry bundle: each entry behind its length, a uint16 in big-endian order. https://c2sp.org/tlog-tiles

const LENGTH_BYTES = 2

export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + LENGTH_BYTES + entry.length, 0))
  let offset = 0
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX)
      throw new RangeError(`an entry has at most ${ENTRY_BYTES_MAX} bytes, got ${entry.length}`)
    offset = bytes.writeUInt16BE(entry.length, offset)
    bytes.set(entry, offset)
    offset += entry.length
  }
  return bytes
}

/** The entries of a bundle, views into it. Throws BadEvidence unless there are exactly `width` and nothing behind. */
export function decodeBundle(bytes: Buffer, width: number): Buffer[] {
  const entries: Buffer[] = []
  let offset = 0
  while (offset < bytes.length && entries.length < width) {
    const start = offset + LENGTH_BYTES
    const end = start + (start <= bytes.length ? bytes.readUInt16BE(offset) : 0)
    if (start > bytes.length || end > bytes.length)
      throw new BadEvidence(`the bundle ends within entry ${entries.length}, which begins at byte ${offset}`)
    entries.push(bytes.subarray(start, end))
    offset = end
  }
  if (entries.length < width)
    throw new BadEvidence(`the bundle has ${entries.length} entries, expected ${width}`)
  if (offset < bytes.length)
    throw new BadEvidence(`the bundle goes on at byte ${offset} behind its ${width} entries`)
  return entries
}
