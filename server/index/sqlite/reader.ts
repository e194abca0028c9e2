import type Database from 'better-sqlite3'
import type { Trail } from '../../completeness/numbers.ts'
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
import type {
  EventFilter,
  Facet,
  FacetField,
  HistogramBucket,
  HistogramInterval,
  HostRun,
  HostRunQuery,
  HostSummary,
  PlaybookSummary,
  RunFilter,
  TaskSummary,
  UserSummary
} from '../summaries.ts'
import { keptSinceMs } from './expired.ts'
import { findEventParts, findEvents, findResults } from './find-events.ts'
import { findHostRuns, findRuns } from './find-runs.ts'
import { readOutline } from './read-outline.ts'
import type { StillWanted } from './still-wanted.ts'
import { findFacets } from './summaries/facets.ts'
import { findHistogram } from './summaries/histogram.ts'
import { sumUpHosts } from './summaries/hosts.ts'
import { sumUpPlaybooks, sumUpUsers } from './summaries/runs.ts'
import { sumUpTasks } from './summaries/tasks.ts'
import { readTrails } from './trails.ts'

/** What a reading worker does, one call after the other. */
export interface Reader {
  runs(query: RunQuery): Page<Run>
  results(query: ResultQuery): Page<IndexedEvent>
  events(query: EventQuery): Page<IndexedEvent>
  eventParts(query: EventPartQuery): Page<EventPart>
  outline(runId: string): Outline
  keptSinceMs(nothing: undefined): number | undefined
  trails(runIds: readonly string[]): Trail[]
  hostRuns(query: HostRunQuery): Page<HostRun>
  hosts(filter: EventFilter): HostSummary[]
  playbooks(filter: RunFilter): PlaybookSummary[]
  users(filter: RunFilter): UserSummary[]
  tasks(filter: EventFilter): TaskSummary[]
  facets(asked: { filter: EventFilter; fields: readonly FacetField[]; valuesMax: number }): Facet[]
  histogram(asked: { filter: EventFilter; interval: HistogramInterval }): HistogramBucket[]
}

export function openReader(db: Database.Database, wanted: StillWanted): Reader {
  const journalId = db.prepare<[], string>('SELECT journal FROM meta').pluck().get() ?? ''
  const index = { db, journalId, wanted }
  // A transaction, so that all of an answer is made of one state of the index.
  const within = <Asked, Answer>(answer: (asked: Asked) => Answer): ((asked: Asked) => Answer) => {
    const transaction = db.transaction(answer)
    return (asked) => transaction(asked)
  }
  return {
    runs: within((query) => findRuns(db, query, wanted)),
    results: within((query) => findResults(db, journalId, query)),
    events: within((query) => findEvents(db, journalId, query)),
    eventParts: within((query) => findEventParts(db, journalId, query)),
    outline: within((runId) => readOutline(db, runId)),
    keptSinceMs: within(() => keptSinceMs(db)),
    trails: within((runIds) => readTrails(db, runIds, wanted)),
    hostRuns: within((query) => findHostRuns(db, query, wanted)),
    hosts: within((filter) => sumUpHosts(index, filter)),
    playbooks: within((filter) => sumUpPlaybooks(db, filter, wanted)),
    users: within((filter) => sumUpUsers(db, filter, wanted)),
    tasks: within((filter) => sumUpTasks(index, filter)),
    facets: within(({ filter, fields, valuesMax }) => findFacets(index, filter, fields, valuesMax)),
    histogram: within(({ filter, interval }) => findHistogram(index, filter, interval))
  }
}
