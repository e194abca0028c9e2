import { crc32 } from 'node:zlib'
import { Fatal } from '../errors.ts'

// The header of a segment; docs/journal-format.md draws it.

export const SEGMENT_HEADER_BYTES = 64
export const SEGMENT_VERSION = 1
const MAGIC = Buffer.from('PLAYTRL\n', 'latin1')
const NAME_DIGITS = 20
const NAME_PATTERN = /^[0-9]{20}\.segment$/

export interface SegmentHeader {
  /** Identity of the journal, a UUID. */
  log: string
  /** Index of the first record. */
  first: number
  /** Microseconds since 1970. */
  createdAt: number
}

/** File name of the segment that begins with record `first`. Names sort as their indices do. */
export function segmentName(first: number): string {
  return `${String(first).padStart(NAME_DIGITS, '0')}.segment`
}

/** Index of the first record by the file's name, or undefined for a file that is no segment. */
export function segmentFirst(name: string): number | undefined {
  return NAME_PATTERN.test(name) ? Number(name.slice(0, NAME_DIGITS)) : undefined
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(bytes, 0)
  bytes.writeUInt16LE(SEGMENT_VERSION, 8)
  bytes.writeUInt16LE(SEGMENT_HEADER_BYTES, 10)
  bytes.write(header.log.replaceAll('-', ''), 16, 'hex')
  bytes.writeBigUInt64LE(BigInt(header.first), 32)
  bytes.writeBigUInt64LE(BigInt(header.createdAt), 40)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

/** Reads a header and checks every field of it; `path` is for the message. */
export function decodeSegmentHeader(bytes: Buffer, path: string): SegmentHeader {
  const bad = (what: string): Fatal =>
    new Fatal(`${path}: the header is damaged: ${what}. Restore this file from a copy of the data folder.`)

  if (!bytes.subarray(0, 8).equals(MAGIC)) throw bad('it does not begin with the mark of a segment (byte 0)')
  const version = bytes.readUInt16LE(8)
  // The checksum is looked at before the version is believed: a flipped bit must not read as "newer".
  if (bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60)))
    throw bad('its checksum does not match (byte 60)')
  if (version > SEGMENT_VERSION) {
    throw new Fatal(
      `${path} has format version ${version}, this Playtrail knows ${SEGMENT_VERSION}: a newer one wrote it. Start that one.`
    )
  }
  if (version !== SEGMENT_VERSION) throw bad(`version ${version} has never existed (byte 8)`)
  if (bytes.readUInt16LE(10) !== SEGMENT_HEADER_BYTES) throw bad('its length is not 64 (byte 10)')
  return {
    log: uuid(bytes.subarray(16, 32)),
    first: Number(bytes.readBigUInt64LE(32)),
    createdAt: Number(bytes.readBigUInt64LE(40))
  }
}

function uuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
