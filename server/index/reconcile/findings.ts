import Database from 'better-sqlite3'
import { limits } from '../../limits.ts'
import type { Difference } from './difference.ts'

/**
 * What was found out about an event. `dead`: known to be missing; `expired`: older than what is kept; `elsewhere`:
 * there, through another server.
 */
export type EventKind = Difference['kind'] | 'dead' | 'expired' | 'elsewhere'

export interface EventFinding {
  kind: EventKind
  id: string
  record: number | null
  place: string | null
  /** The run that the journal says it is of. */
  run: string | null
  fields: string
}

/** A document that is not where it should be, until it is known whose it is. */
export interface Astray {
  place: string
  id: string
  unclaimed: number
}

export interface ResultFinding {
  key: string
  /** The record that should count. */
  record: number | null
  sequence: number | null
  run: string | null
  status: string | null
  /** What is there instead. */
  place: string | null
  found_run: string | null
  found_status: string | null
}

const SCHEMA = `
  CREATE TABLE events (kind TEXT, id TEXT, record INTEGER, place TEXT, run TEXT, fields TEXT);
  CREATE INDEX events_in_order ON events (ifnull(record, 9e15));
  CREATE INDEX events_by_run ON events (run, ifnull(record, 9e15));
  CREATE INDEX events_by_place ON events (place);
  CREATE TABLE astray (place TEXT PRIMARY KEY, id TEXT, unclaimed INTEGER);
  CREATE INDEX astray_by_id ON astray (id);
  CREATE TABLE results (
    key TEXT PRIMARY KEY, record INTEGER, sequence INTEGER, run TEXT, status TEXT,
    place TEXT, found_run TEXT, found_status TEXT
  );
  CREATE INDEX results_in_order ON results (ifnull(record, 9e15), key);
`

/**
 * What a pass has found, on disk: an index may lack everything, and memory stays bounded all the same. SQLite
 * deletes the file of a database without a name by itself.
 */
export class Findings {
  readonly #db = new Database('')
  readonly #insertEvent
  readonly #insertAstray
  readonly #isNamed
  readonly #astrayById
  readonly #dropAstray
  readonly #upsertResult
  readonly #expectResult

  constructor() {
    const db = this.#db
    db.exec(SCHEMA)
    // Bounded; what is more goes to the disk.
    db.pragma('cache_size = -16384')
    db.pragma('journal_mode = OFF')
    db.pragma('synchronous = OFF')
    // Nobody else sees it and nothing of it is kept: one transaction that never ends saves one for each finding.
    db.exec('BEGIN')
    this.#insertEvent = db.prepare<[EventFinding]>(
      'INSERT INTO events VALUES (@kind, @id, @record, @place, @run, @fields)'
    )
    this.#insertAstray = db.prepare<[string, string, number]>('INSERT OR IGNORE INTO astray VALUES (?, ?, ?)')
    this.#isNamed = db.prepare<[string], number>('SELECT 1 FROM events WHERE place = ?').pluck()
    this.#astrayById = db.prepare<[string], Astray>('SELECT * FROM astray WHERE id = ?')
    this.#dropAstray = db.prepare<[string]>('DELETE FROM astray WHERE place = ?')
    this.#upsertResult = db.prepare<[string, string | null, string | null, string | null]>(
      'INSERT OR IGNORE INTO results VALUES (?, NULL, NULL, NULL, NULL, ?, ?, ?)'
    )
    this.#expectResult = db.prepare(
      `UPDATE results SET record = ?, sequence = ?, run = ?, status = ?
       WHERE key = ? AND (sequence IS NULL OR sequence < ?)`
    )
  }

  event(finding: Partial<EventFinding> & Pick<EventFinding, 'kind' | 'id'>, fields: string[] = []): void {
    this.#insertEvent.run({
      record: null,
      place: null,
      run: null,
      ...finding,
      fields: JSON.stringify(fields)
    })
  }

  astray(place: string, id: string, isUnclaimed: boolean): void {
    this.#insertAstray.run(place, id, Number(isUnclaimed))
  }

  /** True if the document at this place is told of already. */
  isNamed(place: string): boolean {
    return this.#isNamed.get(place) === 1
  }

  get hasAstray(): boolean {
    return this.#count('astray') > 0
  }

  astrayById(id: string): Astray[] {
    return this.#astrayById.all(id)
  }

  dropAstray(place: string): void {
    this.#dropAstray.run(place)
  }

  /** Those that are left become added documents, or unclaimed ones. */
  endAstray(): void {
    this.#db.exec(`
      DELETE FROM astray WHERE place IN (SELECT place FROM events);
      INSERT INTO events SELECT iif(unclaimed, 'unclaimed', 'added'), id, NULL, place, NULL, '[]'
        FROM astray ORDER BY place;
      DELETE FROM astray`)
  }

  /** Findings in the order of the journal, those without a record at last; read page by page. */
  *events(kinds: readonly EventKind[], run?: string): Generator<EventFinding> {
    type Row = EventFinding & { at: number; rowid: number }
    const page = this.#db.prepare<(string | number)[], Row>(`
      SELECT rowid, ifnull(record, 9e15) AS at, * FROM events
      WHERE ${run === undefined ? '' : 'run = ? AND '}(ifnull(record, 9e15), rowid) > (?, ?)
        AND kind IN (SELECT value FROM json_each(?))
      ORDER BY ifnull(record, 9e15), rowid LIMIT ${limits.reconcilePageItems}`)
    const of = run === undefined ? [] : [run]
    yield* pages(({ at, rowid }) => page.all(...of, at, rowid, JSON.stringify(kinds)), { at: -1, rowid: 0 })
  }

  countEvents(kind: EventKind): number {
    return (
      this.#db.prepare<[string], number>('SELECT count(*) FROM events WHERE kind = ?').pluck().get(kind) ?? 0
    )
  }

  /** Runs that an event which differs belongs to, ascending. */
  *runs(): Generator<string> {
    const next = this.#db
      .prepare<[string], string | null>(
        "SELECT min(run) FROM events WHERE run > ? AND kind NOT IN ('dead', 'expired')"
      )
      .pluck()
    for (let run = next.get(''); typeof run === 'string'; run = next.get(run)) yield run
  }

  hasRun(run: string): boolean {
    return this.#db.prepare('SELECT 1 FROM events WHERE run = ? LIMIT 1').get(run) !== undefined
  }

  /** The document of a result is wrong, or lacks. What should be there is told by `expectResult`. */
  result(key: string, found: { place: string; runId: string; status: string } | undefined): void {
    this.#upsertResult.run(key, found?.place ?? null, found?.runId ?? null, found?.status ?? null)
  }

  /** Of several results with the key of a finding, the one with the greatest sequence should count. */
  expectResult(
    expected: { key: string; runId: string; sequence: number; status: string },
    record: number
  ): void {
    const { key, runId, sequence, status } = expected
    this.#expectResult.run(record, sequence, runId, status, key, sequence)
  }

  dropResult(key: string): void {
    this.#db.prepare('DELETE FROM results WHERE key = ?').run(key)
  }

  get hasResults(): boolean {
    return this.#count('results') > 0
  }

  /** In the order of the journal, those that no record stands for at last. */
  *results(): Generator<ResultFinding> {
    type Row = ResultFinding & { at: number }
    const page = this.#db.prepare<[number, string], Row>(`
      SELECT ifnull(record, 9e15) AS at, * FROM results WHERE (ifnull(record, 9e15), key) > (?, ?)
      ORDER BY ifnull(record, 9e15), key LIMIT ${limits.reconcilePageItems}`)
    yield* pages(({ at, key }) => page.all(at, key), { at: -1, key: '' })
  }

  /** By status: how many results of the run more there should be than there are. */
  resultsLacking(run: string): Record<string, number> {
    const rows = this.#db
      .prepare<[string, string], { status: string; lacking: number }>(`
        SELECT status, sum(n) AS lacking FROM (
          SELECT status, 1 AS n FROM results WHERE run = ?
          UNION ALL SELECT found_status, -1 FROM results WHERE found_run = ?
        ) WHERE status IS NOT NULL GROUP BY status`)
      .all(run, run)
    return Object.fromEntries(rows.map(({ status, lacking }) => [status, lacking]))
  }

  /** After a repair there is nothing left to correct. */
  forgetEvents(): void {
    this.#db.exec("DELETE FROM events WHERE kind NOT IN ('dead', 'expired', 'elsewhere', 'unclaimed')")
  }

  forgetResults(): void {
    this.#db.exec('DELETE FROM results')
  }

  close(): void {
    this.#db.close()
  }

  #count(table: 'astray' | 'results'): number {
    return this.#db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
  }
}

/** Rows page by page, so that what is found may be changed meanwhile. */
function* pages<Place, Row extends Place>(page: (after: Place) => Row[], first: Place): Generator<Row> {
  let after = first
  for (;;) {
    const rows = page(after)
    yield* rows
    const end = rows.at(-1)
    if (end === undefined) return
    after = end
  }
}
