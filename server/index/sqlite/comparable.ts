import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import { type ComparableIndex, type Found, type FoundResult, Uncheckable } from '../reconcile/comparable.ts'
import { compareEvent, type EventRow, foundEvent } from './compare-event.ts'
import { compareResult, expectedResult, foundResult, identityOf, type ResultRow } from './compare-result.ts'
import { lookAtRun } from './compare-run.ts'
import * as sql from './compare-sql.ts'
import { expiryOf } from './expired.ts'
import { BUSY_MS_MAX } from './schema.ts'
import { INDEX_FORMAT } from './tables.ts'

/** The embedded store, opened beside the server that writes it. Each question reads one state of it, briefly. */
export function openSqliteComparable(path: string, journalId: string): ComparableIndex {
  const db = openToCompare(path, journalId)
  const statements = prepare(db)
  let isSorted = false

  function* results(first: number, next: number): Generator<FoundResult> {
    // The results have no index by record, and need none but here.
    if (!isSorted) db.exec(sql.SORT_RESULTS)
    isSorted = true
    let after: [number, number, number] = [first, Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    for (;;) {
      const rows = statements.sorted.all(...after, next)
      const places = JSON.stringify(rows.map(({ task, host }) => [task, host]))
      yield* statements.resultsOf.all(places).map(foundResult)
      const end = rows.at(-1)
      if (end === undefined) return
      after = [end.record, end.task, end.host]
    }
  }

  return {
    cursor: async () => statements.cursor.get() ?? 0,
    expiry: async () => expiryOf(db),
    events: (first, next) => events(statements, first, next),
    async *eventsOutside(end) {
      yield* events(statements, Number.MIN_SAFE_INTEGER, 0)
      yield* events(statements, end, Number.MAX_SAFE_INTEGER)
    },
    eventsById: async (ids) => statements.eventsById.all(JSON.stringify(ids)).map(foundEvent),
    copies: async () => [],
    compareEvent: (expected, found) => compareEvent(journalId, expected, found),
    isOfOther: () => false,
    expectedResult,
    async *results(first, next) {
      yield* results(first, next)
    },
    async *resultsOutside(end) {
      yield* results(Number.MIN_SAFE_INTEGER, 0)
      yield* results(end, Number.MAX_SAFE_INTEGER)
    },
    resultsByKey: async (keys) =>
      keys.flatMap((key) => statements.resultByIdentity.all(...identityOf(key)).map(foundResult)),
    compareResult,
    runsWithEvents: () => runIds(statements),
    // Each run has a row.
    runsWithDocument: () => runIds(statements),
    lookAtRun: (id, correction) => lookAtRun(db, id, correction),
    async endPass() {
      if (isSorted) db.exec('DROP TABLE temp.results_by_record')
      isSorted = false
    },
    async close() {
      db.close()
    }
  }
}

/** Never makes or discards an index: what is not one of this journal cannot be compared. */
export function openToCompare(path: string, journalId: string, isWritten = false): Database.Database {
  if (!existsSync(path))
    throw new Uncheckable(
      `there is no index at ${path}. Start the service, or make it with playtrail reindex.`
    )
  const db = new Database(path, { readonly: !isWritten, fileMustExist: true, timeout: BUSY_MS_MAX })
  try {
    db.pragma('temp_store = FILE')
    const format = db.pragma('user_version', { simple: true })
    const journal = format === INDEX_FORMAT ? db.prepare('SELECT journal FROM meta').pluck().get() : undefined
    const remedy = 'Make it anew with playtrail reindex.'
    if (format !== INDEX_FORMAT)
      throw new Uncheckable(`${path} has format ${String(format)}, expected ${INDEX_FORMAT}. ${remedy}`)
    if (journal !== journalId)
      throw new Uncheckable(
        `${path} was made from the journal ${String(journal)}, not from ${journalId}. ${remedy}`
      )
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(db: Database.Database) {
  type Sorted = { record: number; task: number; host: number }
  db.exec(sql.RESULTS_BY_RECORD)
  return {
    cursor: db.prepare<[], number>('SELECT cursor FROM meta').pluck(),
    events: db.prepare<[number, number], EventRow>(sql.EVENTS_BETWEEN),
    eventsById: db.prepare<[string], EventRow>(sql.EVENTS_BY_ID),
    sorted: db.prepare<[number, number, number, number], Sorted>(sql.RESULTS_SORTED),
    resultsOf: db.prepare<[string], ResultRow>(sql.RESULTS_OF),
    resultByIdentity: db.prepare<ReturnType<typeof identityOf>, ResultRow>(sql.RESULT_BY_IDENTITY),
    runs: db.prepare<[string], string>(sql.RUN_IDS).pluck()
  }
}

async function* events(statements: Statements, first: number, next: number): AsyncGenerator<Found> {
  for (let from = first; from < next; ) {
    const rows = statements.events.all(from, next)
    yield* rows.map(foundEvent)
    const end = rows.at(-1)
    if (end === undefined) return
    from = end.record + 1
  }
}

async function* runIds(statements: Statements): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const ids = statements.runs.all(after)
    yield* ids
    const end = ids.at(-1)
    if (end === undefined) return
    after = end
  }
}
