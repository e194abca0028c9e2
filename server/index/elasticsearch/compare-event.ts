import { parsed } from '../documents.ts'
import type { ExpectedResult, Recorded } from '../reconcile/comparable.ts'
import { type Found, type FoundResult, Uncheckable } from '../reconcile/comparable.ts'
import { fieldsThatDiffer } from '../reconcile/fields.ts'
import { resultStatuses } from '../store.ts'
import type { Operation } from './bulk-queue.ts'
import type { EventSource } from './find-events.ts'
import type { Journals } from './journals.ts'
import type { WriteNames } from './names.ts'
import { operationsOfRecord } from './operations.ts'

/** `_source` as it is found: anybody may have written it. */
export type AnySource = Record<string, unknown>

interface Placed {
  _index: string
  _id?: string | undefined
  _source?: unknown
}

/** Where a document lies; no name of an index has a slash. */
export function placeOfDocument({ _index, _id }: Placed): string {
  return `${_index}/${_id ?? ''}`
}

export function documentAt(place: string): { _index: string; _id: string } {
  const slash = place.indexOf('/')
  return { _index: place.slice(0, slash), _id: place.slice(slash + 1) }
}

export function foundEvent(hit: Placed, { own, others }: Journals): Found {
  const { playtrail } = parts(hit._source)
  const log = String(playtrail.log)
  return {
    id: hit._id ?? '',
    record: Number.isSafeInteger(playtrail.index) ? Number(playtrail.index) : undefined,
    place: placeOfDocument(hit),
    document: hit._source,
    isUnclaimed: log !== own && !others.has(log)
  }
}

export function isOfOther({ document }: Pick<Found, 'document'>, { others }: Journals): boolean {
  return others.has(String(parts(document).playtrail.log))
}

export function foundResult(hit: Placed, journals: Journals): FoundResult {
  const { event, run, result } = parts(hit._source)
  const status = resultStatuses.find((known) => known === result.status)
  return {
    ...foundEvent(hit, journals),
    sequence: Number.isSafeInteger(event.sequence) ? Number(event.sequence) : -1,
    status: status ?? '',
    runId: String(run.id),
    isOfOther: isOfOther({ document: hit._source }, journals)
  }
}

/** What the writer would write for a record. */
export class Expected {
  readonly #log: string
  readonly #names: WriteNames

  constructor(log: string, names: WriteNames) {
    this.#log = log
    this.#names = names
  }

  operations({ record, columns }: Recorded): ReturnType<typeof operationsOfRecord> {
    return operationsOfRecord(record, parsed(record.payload), columns, this.#log, this.#names)
  }

  result(recorded: Recorded): ExpectedResult | undefined {
    const { runId, host, result } = recorded.columns
    if (runId === null || host === null || result === undefined) return undefined
    const operation = this.operations(recorded).result
    return operation && { key: operation.id, runId, sequence: result.sequence, status: result.status }
  }
}

/** What each server says of its own: the same event may have come through any of them. */
const OF_THE_SERVER = ['event.ingested', 'playtrail.log', 'playtrail.index', 'playtrail.sender']

/** Names of the fields of a document that are not as the operation would write them. */
export function compareSource(operation: Operation | undefined, found: Found, journals: Journals): string[] {
  if (operation === undefined) throw new Uncheckable(`${found.place}: nothing is written for its record`)
  const fields = fieldsThatDiffer(JSON.parse(operation.source), found.document)
  if (!isOfOther(found, journals)) return fields
  return fields.filter((field) => !OF_THE_SERVER.includes(field))
}

interface Parts {
  event: AnySource
  run: AnySource
  playtrail: AnySource
  result: AnySource
}

function parts(source: unknown): Parts {
  const { event, run, playtrail, ansible } = objectOf(source)
  return {
    event: objectOf(event),
    run: objectOf(run),
    playtrail: objectOf(playtrail),
    result: objectOf(objectOf(ansible).result)
  }
}

function objectOf(value: unknown): AnySource {
  return typeof value === 'object' && value !== null ? (value as AnySource) : {}
}

/** The event as it was received. */
export function originalOf(source: EventSource): Omit<EventSource, 'playtrail'> {
  const { playtrail: _playtrail, ...event } = source
  const { ingested: _ingested, hash: _hash, ...own } = source.event
  return { ...event, event: own as EventSource['event'] }
}
