import { isDeepStrictEqual } from 'node:util'
import { eventDocument } from '../documents.ts'
import type { Found, Recorded } from '../reconcile/comparable.ts'
import { fieldsThatDiffer } from '../reconcile/fields.ts'
import { flagsOf } from './keyed-event.ts'

/** A row of `events`, with names instead of their keys. */
export interface EventRow {
  record: number
  id: string
  run: string | null
  timestamp: number
  action: string | null
  playbook: string | null
  host: string | null
  user: string | null
  status: string | null
  task: string | null
  duration: number | null
  flags: number
  received: number
  sender: string
  payload: Buffer
}

export function foundEvent(row: EventRow): Found {
  return { id: row.id, record: row.record, place: String(row.record), document: row, isUnclaimed: false }
}

/** Columns are told as `columns.<name>`, what lies in the payload by the field's own name. */
export function compareEvent(
  journalId: string,
  { record, columns }: Recorded,
  { document }: Found
): string[] {
  const { payload, ...found } = document as EventRow
  const expected = {
    record: record.index,
    id: record.eventId,
    run: columns.runId,
    timestamp: columns.timestamp,
    ...{ action: columns.action, playbook: columns.playbook, host: columns.host, user: columns.user },
    status: columns.status,
    ...{ task: columns.task, duration: columns.duration, flags: flagsOf(columns) },
    received: record.receivedAt,
    sender: record.sender
  }
  const areBytesEqual = record.payload.equals(payload)
  if (areBytesEqual && isDeepStrictEqual(expected, found)) return []
  const documentOf = (bytes: Buffer): unknown => ({
    columns: {},
    ...eventDocument({ record: 0, received: 0, sender: '', payload: bytes }, journalId)
  })
  const fields = fieldsThatDiffer({ columns: expected }, { columns: found })
  return areBytesEqual
    ? fields
    : [...fields, ...fieldsThatDiffer(documentOf(record.payload), readable(payload, documentOf))]
}

function readable(payload: Buffer, documentOf: (bytes: Buffer) => unknown): unknown {
  try {
    return documentOf(payload)
  } catch {
    // What is there now is no event at all: every field differs.
    return {}
  }
}
