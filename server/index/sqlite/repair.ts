import type Database from 'better-sqlite3'
import type { IndexRepair, Rewrite, RunCorrection } from '../reconcile/comparable.ts'
import { openToCompare } from './comparable.ts'
import { foldRun } from './compare-run.ts'
import { type EventValues, eventValues, INSERT_EVENT, keyedEvent } from './keyed-event.ts'
import { type Keys, openKeys } from './keys.ts'
import { openRetally, type Retally } from './retally.ts'
import { NEW_RUN } from './run-row.ts'
import { openTexts } from './texts.ts'

/** Writes to the embedded store, also beside the server: one of two writers waits a moment. */
export function openSqliteRepair(path: string, journalId: string): IndexRepair & { close(): void } {
  const db = openToCompare(path, journalId, true)
  db.pragma('synchronous = NORMAL')
  const keys = openKeys(db)
  const statements = prepare(db)
  const retally = openRetally(db)
  const writeEvents = db.transaction((rewrites: readonly Rewrite[]) => {
    for (const { expected } of rewrites) statements.writeEvent(keys, expected, retally)
    retally.write()
  })
  const writeResults = db.transaction((rewrites: readonly Rewrite[]) => {
    for (const { expected } of rewrites) statements.writeResult(keys, expected)
  })
  const removeEvents = db.transaction((places: readonly string[]) => {
    for (const place of places) {
      retally.noteRecord(Number(place))
      statements.removeEvent.run(Number(place))
    }
    retally.write()
  })
  // Their tasks stay, also those with no result left: a server beside us may remember their keys.
  const removeResults = db.transaction((places: readonly string[]) => {
    for (const place of places) statements.removeResult.run(...placeOf(place))
  })
  return {
    writeEvents: async (rewrites) => writeEvents.immediate(rewrites),
    removeEvents: async (places) => removeEvents.immediate(places),
    async writeResults(rewrites) {
      removeResults.immediate(rewrites.flatMap(({ place }) => place ?? []))
      writeResults.immediate(rewrites)
    },
    removeResults: async (places) => removeResults.immediate(places),
    rebuildRun: (id, correction) => rebuildRun(db, keys, id, correction),
    settle: async () => undefined,
    close: () => void db.close()
  }
}

function placeOf(place: string): [task: number, host: number] {
  const [task = '', host = ''] = place.split(' ')
  return [Number(task), Number(host)]
}

function prepare(db: Database.Database) {
  const inTheWay = db
    .prepare<[string, number], number>('SELECT record FROM events WHERE id = ? OR record = ?')
    .pluck()
  const removeEvent = db.prepare<[number]>('DELETE FROM events WHERE record = ?')
  const insertEvent = db.prepare<[EventValues]>(INSERT_EVENT)
  const texts = openTexts(db)
  const insertResult = db.prepare(`
    INSERT INTO results VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (task, host) DO UPDATE
    SET run = excluded.run, sequence = excluded.sequence, status = excluded.status, record = excluded.record
    WHERE excluded.sequence >= sequence`)
  return {
    removeEvent,
    removeResult: db.prepare<[number, number]>('DELETE FROM results WHERE task = ? AND host = ?'),
    writeEvent(keys: Keys, { record, columns }: Rewrite['expected'], retally: Retally): void {
      for (const other of inTheWay.all(record.eventId, record.index)) {
        retally.noteRecord(other)
        removeEvent.run(other)
      }
      const row = keyedEvent(columns, columns.runId === null ? null : runKey(db, columns.runId), keys)
      insertEvent.run(eventValues(record, row))
      if (record.index < texts.end()) texts.add(record)
      retally.note(row)
    },
    writeResult(keys: Keys, { record, columns }: Rewrite['expected']): void {
      const { runId, host, result } = columns
      const hostKey = keys.name(host)
      if (runId === null || hostKey === null || result === undefined) return
      const run = runKey(db, runId)
      insertResult.run(keys.task(run, result), hostKey, run, result.sequence, result.status, record.index)
    }
  }
}

function runKey(db: Database.Database, id: string): number {
  const known = db.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck().get(id)
  if (known !== undefined) return known
  return Number(db.prepare<[string]>(NEW_RUN).run(id).lastInsertRowid)
}

async function rebuildRun(
  db: Database.Database,
  keys: Keys,
  id: string,
  correction: RunCorrection
): Promise<void> {
  // Nobody may write the run between the look at its events and the new row.
  db.exec('BEGIN IMMEDIATE')
  try {
    const { expected } = await foldRun(db, id, correction)
    if (expected.events === 0) {
      db.prepare('DELETE FROM runs WHERE id = ?').run(id)
      db.prepare('DELETE FROM run_hosts WHERE run_id = ?').run(id)
    } else {
      const key = runKey(db, id)
      const set = Object.keys(expected.state).map((column) => `${column} = @${column}`)
      db.prepare(`UPDATE runs SET ${set.join(', ')} WHERE key = @key`).run({ ...expected.state, key })
      db.prepare('DELETE FROM run_hosts WHERE run_id = ?').run(id)
      const insert = db.prepare('INSERT INTO run_hosts VALUES (?, ?)')
      for (const host of expected.hosts) insert.run(keys.name(host), id)
    }
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
