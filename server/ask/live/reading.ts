import type { Event } from '../../event-types.ts'
import { columnsOf, type EventColumns, parseEvent } from '../../index/columns.ts'
import { eventDocument } from '../../index/documents.ts'
import type { IndexedEvent } from '../../index/store.ts'
import type { JournalRecord } from '../../journal/record.ts'
import { TakenTexts } from '../query/taken-text.ts'

/** A record as it is told of. */
export interface Reading {
  record: number
  receivedAt: number
  event: Event
  columns: EventColumns
  /** What is told of its run at this record, whatever else is known: of the same record always the same. */
  runMessage: 'run.started' | 'run.ended' | undefined
  /** It is of the life of a service. */
  isOfService: boolean
  /** Made when it is asked for first: it takes the hash of the event. */
  document(): IndexedEvent
  /** The document as JSON, made when it is asked for first. */
  json(): string
  /** The texts of the document, for all queries that it is asked. */
  texts: TakenTexts
}

const runMessages: Readonly<Record<string, Reading['runMessage']>> = {
  'run.started': 'run.started',
  'run.finished': 'run.ended',
  'run.aborted': 'run.ended'
}

/** Undefined for what the index would refuse. */
export function readingOf(record: JournalRecord, log: string): Reading | undefined {
  const parsed = parseEvent(record.payload)
  const columns = columnsOf(record, parsed)
  if (parsed === undefined || typeof columns === 'string') return undefined
  // What has columns has what every event has.
  const event = parsed as Event
  const { index, receivedAt, sender, payload } = record
  let document: IndexedEvent | undefined
  let json: string | undefined
  const whole = (): IndexedEvent => {
    document ??= eventDocument({ record: index, received: receivedAt, sender, payload }, log, event)
    return document
  }
  return {
    record: index,
    receivedAt,
    event,
    columns,
    runMessage: columns.runId === null ? undefined : runMessages[columns.action ?? ''],
    isOfService: event.run?.kind === 'service',
    document: whole,
    json() {
      json ??= JSON.stringify(whole())
      return json
    },
    texts: new TakenTexts()
  }
}
