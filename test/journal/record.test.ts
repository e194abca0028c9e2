import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeRecord,
  encodeRecord,
  type JournalRecord,
  recordBytes,
  SALT_BYTES
} from '../../server/journal/record.ts'

const records = fc.record(
  {
    index: fc.maxSafeNat(),
    synced: fc.maxSafeNat(),
    receivedAt: fc.maxSafeNat(),
    sender: fc.string({ maxLength: 20, unit: 'grapheme' }),
    eventId: fc.string({ minLength: 1, maxLength: 200 }),
    salt: fc.uint8Array({ minLength: SALT_BYTES, maxLength: SALT_BYTES }).map((bytes) => Buffer.from(bytes)),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
  },
  { noNullPrototype: true }
)

function encoded(record: JournalRecord): Buffer {
  const { sender, eventId, payload } = record
  const bytes = Buffer.alloc(recordBytes(Buffer.byteLength(sender), eventId.length, payload.length))
  assert.equal(encodeRecord(bytes, 0, record), bytes.length)
  return bytes
}

test('a record reads back as it was written, wherever it stands', () => {
  fc.assert(
    fc.property(records, fc.nat(50), (record, offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset, 0x50), encoded(record), Buffer.from('behind it')])
      assert.deepEqual(decodeRecord(bytes, offset), record)
    })
  )
})

test('a record with any one bit flipped is not a record', () => {
  fc.assert(
    fc.property(records, fc.nat(), (record, place) => {
      const bytes = encoded(record)
      const bit = place % (bytes.length * 8)
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      assert.equal(decodeRecord(bytes, 0), undefined)
    }),
    { numRuns: 2_000 }
  )
})

test('a record that is cut anywhere is not a record', () => {
  fc.assert(
    fc.property(records, (record) => {
      const bytes = encoded(record)
      for (let length = 0; length < bytes.length; length++)
        assert.equal(decodeRecord(bytes.subarray(0, length), 0), undefined)
    }),
    { numRuns: 20 }
  )
})
