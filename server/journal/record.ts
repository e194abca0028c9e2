import { crc32 } from 'node:zlib'
import { limits } from '../limits.ts'

// A record on disk. All numbers are little-endian; times are microseconds since 1970.
//
//   offset size
//        0    4  magic     "PTRC", so that a reader finds records again behind damage
//        4    4  checksum  CRC-32 of everything behind it, up to the record's end
//        8    4  length    bytes of the whole record
//       12    8  index     number of the record in the journal, counted from 0
//       20    8  synced    everything before this index was on disk when the record was written
//       28    8  received  when the server received the event
//       36    1  kind      1 = event
//       37    1  bytes of the sender's name
//       38    2  bytes of the event's id
//       40   32  salt      random, for the commitment to the payload in the transparency log
//       72    -  sender, event id, payload (the event's bytes as they were received)
//
// `synced` is what tells a torn tail from damage: see recovery.ts.

export const RECORD_HEADER_BYTES = 72
export const SALT_BYTES = 32
/** One read takes any record whole. The largest event, id, sender and the header are far below; more is damage. */
export const RECORD_BYTES_MAX = limits.readBytesMax
export const RECORD_MAGIC = Buffer.from('PTRC', 'latin1')
const MAGIC_NUMBER = RECORD_MAGIC.readUInt32LE(0)
const KIND_EVENT = 1
const TWO_TO_32 = 2 ** 32

/** One record of the journal: an event, and what the server knows about how it came. */
export interface JournalRecord {
  readonly index: number
  readonly synced: number
  /** Microseconds since 1970. */
  readonly receivedAt: number
  readonly sender: string
  readonly eventId: string
  readonly salt: Buffer
  /** The event's bytes as they were received: one JSON object. A view into the bytes that were read. */
  readonly payload: Buffer
}

/** Whole records as they lie on disk: the records `first` up to, but not including, `next`. */
export interface JournalBatch {
  /** Identity of the journal, which is `playtrail.log` of its events. */
  readonly journalId: string
  readonly first: number
  readonly next: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export function recordBytes(senderBytes: number, eventIdBytes: number, payloadBytes: number): number {
  return RECORD_HEADER_BYTES + senderBytes + eventIdBytes + payloadBytes
}

/** Writes `record` into `target` at `offset` and returns the offset behind it. */
export function encodeRecord(target: Buffer, offset: number, record: JournalRecord): number {
  const senderBytes = target.write(record.sender, offset + RECORD_HEADER_BYTES)
  const idStart = offset + RECORD_HEADER_BYTES + senderBytes
  const idBytes = target.write(record.eventId, idStart, 'latin1')
  const payloadStart = idStart + idBytes
  const end = payloadStart + record.payload.length
  record.payload.copy(target, payloadStart)
  record.salt.copy(target, offset + 40)

  target.writeUInt32LE(MAGIC_NUMBER, offset)
  target.writeUInt32LE(end - offset, offset + 8)
  writeUint53(target, record.index, offset + 12)
  writeUint53(target, record.synced, offset + 20)
  writeUint53(target, record.receivedAt, offset + 28)
  target.writeUInt8(KIND_EVENT, offset + 36)
  target.writeUInt8(senderBytes, offset + 37)
  target.writeUInt16LE(idBytes, offset + 38)
  target.writeUInt32LE(crc32(target.subarray(offset + 8, end)), offset + 4)
  return end
}

/** Length of the record that begins at `offset`, or undefined if none can begin there or it is cut. */
export function recordLength(bytes: Buffer, offset: number): number | undefined {
  if (offset + RECORD_HEADER_BYTES > bytes.length) return undefined
  if (bytes.readUInt32LE(offset) !== MAGIC_NUMBER) return undefined
  const length = bytes.readUInt32LE(offset + 8)
  if (length < RECORD_HEADER_BYTES || length > RECORD_BYTES_MAX) return undefined
  return offset + length > bytes.length ? undefined : length
}

/** The record that begins at `offset`, or undefined if there is no whole, undamaged one. */
export function decodeRecord(bytes: Buffer, offset: number): JournalRecord | undefined {
  const length = recordLength(bytes, offset)
  if (length === undefined) return undefined
  const end = offset + length
  if (bytes.readUInt32LE(offset + 4) !== crc32(bytes.subarray(offset + 8, end))) return undefined
  const idStart = offset + RECORD_HEADER_BYTES + bytes.readUInt8(offset + 37)
  const payloadStart = idStart + bytes.readUInt16LE(offset + 38)
  if (bytes.readUInt8(offset + 36) !== KIND_EVENT || payloadStart > end) return undefined
  return {
    index: readUint53(bytes, offset + 12),
    synced: readUint53(bytes, offset + 20),
    receivedAt: readUint53(bytes, offset + 28),
    sender: bytes.toString('utf8', offset + RECORD_HEADER_BYTES, idStart),
    eventId: bytes.toString('latin1', idStart, payloadStart),
    salt: bytes.subarray(offset + 40, offset + 40 + SALT_BYTES),
    payload: bytes.subarray(payloadStart, end)
  }
}

/** The records of a batch, in order. Throws where one is damaged, which the journal's recovery rules out. */
export function* recordsOf(batch: JournalBatch): Generator<JournalRecord, void, undefined> {
  const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
  let offset = 0
  for (let index = batch.first; index < batch.next; index++) {
    const record = decodeRecord(bytes, offset)
    if (record === undefined || record.index !== index) {
      throw new Error(`journal: record ${index} is damaged (byte ${offset} of a batch of ${bytes.length})`)
    }
    offset += bytes.readUInt32LE(offset + 8)
    yield record
  }
}

/** When the first record of a batch was received. Reads nothing else, and checks nothing. */
export function firstReceivedAt({ bytes }: JournalBatch): number {
  return readUint53(Buffer.from(bytes.buffer, bytes.byteOffset, RECORD_HEADER_BYTES), 28)
}

// A double holds integers up to 2^53 exactly, far beyond any index or time; BigInt would cost more than
// the rest of the codec.
function writeUint53(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % TWO_TO_32, offset)
  target.writeUInt32LE(Math.floor(value / TWO_TO_32), offset + 4)
}

function readUint53(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset + 4) * TWO_TO_32 + bytes.readUInt32LE(offset)
}
