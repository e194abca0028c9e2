import type Database from 'better-sqlite3'
import type { Outline } from '../outline.ts'
import type {
  EventPart,
  EventPartQuery,
  EventQuery,
  IndexedEvent,
  Page,
  ResultQuery,
  Run,
  RunQuery
} from '../store.ts'
import { findEventParts, findEvents, findResults } from './find-events.ts'
import { findRuns } from './find-runs.ts'
import { readOutline } from './read-outline.ts'

/** What a reading worker does, one call after the other. */
export interface Reader {
  runs(query: RunQuery): Page<Run>
  results(query: ResultQuery): Page<IndexedEvent>
  events(query: EventQuery): Page<IndexedEvent>
  eventParts(query: EventPartQuery): Page<EventPart>
  /** Undefined if the run has too many results. */
  outline(runId: string): Outline | undefined
}

export function openReader(db: Database.Database): Reader {
  const journalId = db.prepare<[], string>('SELECT journal FROM meta').pluck().get() ?? ''
  return {
    // A transaction, so that all of an answer is made of one state of the index.
    runs: db.transaction((query: RunQuery) => findRuns(db, query)),
    results: db.transaction((query: ResultQuery) => findResults(db, journalId, query)),
    events: db.transaction((query: EventQuery) => findEvents(db, journalId, query)),
    eventParts: db.transaction((query: EventPartQuery) => findEventParts(db, journalId, query)),
    outline: db.transaction((runId: string) => readOutline(db, runId))
  }
}
