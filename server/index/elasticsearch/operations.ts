import { hash } from 'node:crypto'
import type { Event } from '../../event-types.ts'
import { type JournalBatch, type JournalRecord, recordsOf } from '../../journal/record.ts'
import { columnsOf, type EventColumns, parseEvent, type ResultColumns } from '../columns.ts'
import { eventDocument } from '../documents.ts'
import type { Refused } from '../store.ts'
import type { Operation } from './bulk-queue.ts'
import { durationRange } from './duration-range.ts'
import type { WriteNames } from './names.ts'
import { placeOf, type RunChange } from './run-fold.ts'

/** What a record becomes in the index: its event, what it changes of its run, and the result that it is, if any. */
export interface RecordOperations {
  record: number
  event: Operation
  result: Operation | undefined
  change: RunChange | undefined
}

/** Fields that only the index has: what lists are sorted by. */
export interface IndexOnly {
  /** `@timestamp` in microseconds since 1970. */
  time: number
  /** The range of `event.duration` (server/index/durations.ts), which percentiles are made of. */
  duration_range?: number
}

const ID_BYTES_MAX = 512

/** Events that say how a run began or ended are kept with it. */
export const TELLING = new Set<string | null>(['run.started', 'run.finished', 'run.aborted'])

/** What is to be written for a batch, and which of its records can never be. */
export function operationsOf(
  batch: JournalBatch,
  names: WriteNames
): { records: RecordOperations[]; refused: Refused[] } {
  const records: RecordOperations[] = []
  const refused: Refused[] = []
  for (const record of recordsOf(batch)) {
    const event = parseEvent(record.payload)
    const columns = idTrouble(record) ?? columnsOf(record, event)
    if (typeof columns === 'string')
      refused.push({ index: record.index, eventId: record.eventId, reason: columns })
    else records.push(operationsOfRecord(record, event as Event, columns, batch.journalId, names))
  }
  return { records, refused }
}

/** Elasticsearch takes ids of 1 to 512 bytes, and refuses the whole request in which there is another one. */
function idTrouble({ eventId }: JournalRecord): string | undefined {
  const bytes = Buffer.byteLength(eventId)
  return bytes > 0 && bytes <= ID_BYTES_MAX
    ? undefined
    : `its event.id has ${bytes} bytes, Elasticsearch takes 1 to ${ID_BYTES_MAX}`
}

/** Exactly what is written for a record; also what a comparison expects to find. */
export function operationsOfRecord(
  record: JournalRecord,
  event: Event,
  columns: EventColumns,
  log: string,
  names: WriteNames
): RecordOperations {
  const { index, eventId, sender, receivedAt, payload } = record
  const document = eventDocument({ record: index, received: receivedAt, sender, payload }, log, event)
  const own: IndexOnly = { time: columns.timestamp, ...durationRange(event) }
  const playtrail = { ...document.playtrail, ...own }
  const appended: Operation = {
    id: eventId,
    target: names.events,
    // Nothing but a data stream will do: without its template Elasticsearch would make an index of guesses.
    action: JSON.stringify({ create: { _index: names.events, _id: eventId, require_data_stream: true } }),
    source: JSON.stringify({ ...document, playtrail }),
    isAppend: true
  }
  const { runId, host, result } = columns
  if (runId === null) return { record: index, event: appended, result: undefined, change: undefined }
  const of = { run: runId, host: host ?? '', log, record: index, time: columns.timestamp, eventId }
  const telling = TELLING.has(columns.action) ? event : undefined
  const place = placeOf(receivedAt, log, index)
  return {
    record: index,
    event: appended,
    result: result === undefined || host === null ? undefined : resultOperation(result, of, names),
    change: { runId, eventId, log, place, received: receivedAt, columns, event: telling }
  }
}

/**
 * Of a task's results on a host the one with the greatest sequence counts: external versioning makes
 * Elasticsearch keep that one, in whatever order they come.
 */
function resultOperation(
  result: ResultColumns,
  of: { run: string; host: string; log: string; record: number; time: number; eventId: string },
  { results: index, isAliasRequired }: WriteNames
): Operation {
  const { playId, batch, taskId, occurrence, sequence, status } = result
  const key = hash('sha256', JSON.stringify([playId, batch, taskId, occurrence, of.host]), 'base64url')
  const id = `${of.run}:${key}`
  const source = {
    run: { id: of.run },
    event: { id: of.eventId, sequence },
    host: { name: of.host },
    ansible: { result: { status } },
    playtrail: { log: of.log, index: of.record, time: of.time }
  }
  // A version is never negative, as no honest sequence is.
  const version = Math.max(0, sequence)
  const action = {
    index: { _index: index, _id: id, require_alias: isAliasRequired, version, version_type: 'external' }
  }
  return {
    id,
    target: index,
    action: JSON.stringify(action),
    source: JSON.stringify(source),
    isAppend: false
  }
}
