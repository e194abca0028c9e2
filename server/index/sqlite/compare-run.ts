import type Database from 'better-sqlite3'
import { columnsOf, parseEvent } from '../columns.ts'
import type { RunCorrection, RunLook } from '../reconcile/comparable.ts'
import { fieldsThatDiffer } from '../reconcile/fields.ts'
import { addEvent, emptyRun, endOf, type RunState } from '../run-state.ts'
import { type ResultStatus, resultStatuses } from '../store.ts'
import type { RunRow } from './run-row.ts'
import { type RunTimes, runTimes } from './run-times.ts'

/** What a run is by its events: its row, and the hosts it has results on. */
export interface RunOfEvents {
  state: RunState<number> & RunTimes
  hosts: string[]
  events: number
}

export async function lookAtRun(
  db: Database.Database,
  id: string,
  correction: RunCorrection
): Promise<RunLook> {
  const { expected, row, hosts } = await foldRun(db, id, correction)
  if (expected.events === 0) return { state: row === undefined ? 'agrees' : 'added', fields: [] }
  if (row === undefined) return { state: 'missing', fields: [] }
  const { key: _key, ...found } = row
  const fields = fieldsThatDiffer(
    { columns: expected.state, hosts: expected.hosts },
    { columns: found, hosts: hosts.sort() }
  )
  return { state: fields.length === 0 ? 'agrees' : 'changed', fields }
}

/**
 * The run as its events in the index tell it, and as the journal does where those are wrong; and its row. All of the
 * index is read in one transaction, so that a run which is being written to is seen whole.
 */
export async function foldRun(
  db: Database.Database,
  id: string,
  correction: RunCorrection
): Promise<{ expected: RunOfEvents; row: RunRow | undefined; hosts: string[] }> {
  const state = emptyRun<number>(id)
  const hosts = new Set<string>()
  const ends = new Map<number, Buffer>()
  // The order of the events makes no difference; what waits comes first, since a transaction must not.
  for await (const { record, columns } of correction.recorded()) {
    addEvent(state, columns, record.index, record.receivedAt)
    if (columns.action?.startsWith('run.')) ends.set(record.index, record.payload)
    if (columns.result !== undefined && columns.host !== null) hosts.add(columns.host)
  }
  return db.transaction(() => {
    const row = db.prepare<[string], RunRow>('SELECT * FROM runs WHERE id = ?').get(id)
    if (row !== undefined) addRows(db, row.key, { state, hosts }, correction)
    const found = db
      .prepare<[string], string>('SELECT name FROM run_hosts JOIN names ON key = host WHERE run_id = ?')
      .pluck()
    const counts = countsOf(db, row?.key, correction)
    const times = timesOf(db, state, ends)
    const expected = {
      state: { ...state, ...counts, ...times },
      hosts: [...hosts].sort(),
      events: state.events
    }
    return { expected, row, hosts: found.all(id) }
  })()
}

function addRows(
  db: Database.Database,
  run: number,
  { state, hosts }: { state: RunState<number>; hosts: Set<string> },
  correction: RunCorrection
): void {
  const rows = db
    .prepare<[number], { record: number; received: number; payload: Buffer }>(
      'SELECT record, received, payload FROM events WHERE run = ?'
    )
    .iterate(run)
  for (const { record, received, payload } of rows) {
    if (correction.isWrong(String(record))) continue
    const columns = columnsOf({ payload })
    if (typeof columns === 'string') continue
    addEvent(state, columns, record, received)
    if (columns.result !== undefined && columns.host !== null) hosts.add(columns.host)
  }
}

/** Of the events that start and end a run those in `recorded` are believed, and else those in the index. */
function timesOf(
  db: Database.Database,
  state: RunState<number>,
  recorded: ReadonlyMap<number, Buffer>
): RunTimes {
  const payload = db.prepare<[number], Buffer>('SELECT payload FROM events WHERE record = ?').pluck()
  const eventAt = (record: number | null): ReturnType<typeof parseEvent> => {
    const bytes = record === null ? undefined : (recorded.get(record) ?? payload.get(record))
    return bytes && parseEvent(bytes)
  }
  return runTimes(eventAt(state.started), eventAt(endOf(state)))
}

function countsOf(
  db: Database.Database,
  run: number | undefined,
  { results: lacking }: RunCorrection
): Record<ResultStatus, number> {
  const counted = db
    .prepare<[number | null], [string, number]>(
      'SELECT status, count(*) FROM results WHERE run = ? GROUP BY status'
    )
    .raw()
    .all(run ?? null)
  const counts = new Map(counted)
  const entries = resultStatuses.map((status) => [status, (counts.get(status) ?? 0) + (lacking[status] ?? 0)])
  return Object.fromEntries(entries) as Record<ResultStatus, number>
}
