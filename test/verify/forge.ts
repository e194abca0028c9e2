import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { DataFolder } from '../../server/data-folder.ts'
import { decodeRecord, encodeRecord, type JournalRecord, recordBytes } from '../../server/journal/record.ts'
import { SEGMENT_HEADER_BYTES } from '../../server/journal/segment.ts'
import { segmentPaths } from '../support/journal.ts'

/** Writes the record at this place of the first segment anew, with a checksum that fits. */
export function forge(
  folder: DataFolder,
  at: number,
  edit: (record: JournalRecord) => Partial<JournalRecord>
): number {
  const [path = ''] = segmentPaths(folder)
  const bytes = readFileSync(path)
  let offset = SEGMENT_HEADER_BYTES
  for (let index = 0; index < at; index++) offset += bytes.readUInt32LE(offset + 8)
  const record = decodeRecord(bytes, offset)
  assert.ok(record)
  const forged = { ...record, ...edit(record) }
  const length = recordBytes(Buffer.byteLength(forged.sender), forged.eventId.length, forged.payload.length)
  const written = Buffer.alloc(length)
  encodeRecord(written, 0, forged)
  const rest = bytes.subarray(offset + bytes.readUInt32LE(offset + 8))
  writeFileSync(path, Buffer.concat([bytes.subarray(0, offset), written, rest]))
  return offset
}
