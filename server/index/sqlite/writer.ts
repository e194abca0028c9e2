import type Database from 'better-sqlite3'
import { type JournalBatch, type JournalRecord, recordsOf } from '../../journal/record.ts'
import { columnsOf, type EventColumns, type ResultColumns } from '../columns.ts'
import { addEvent, emptyRun } from '../run-state.ts'
import type { Refused, ResultStatus } from '../store.ts'
import { openKeys } from './keys.ts'
import type { RunRow } from './run-row.ts'
import { boundWal } from './schema.ts'

/** What the writing worker does, one call after the other. */
export interface Writer {
  cursor(): number
  /** One transaction: all of the batch or nothing. */
  write(batch: JournalBatch): Refused[]
  moveCursor(next: number): void
}

export function openWriter(db: Database.Database): Writer {
  const keys = openKeys(db)
  const statements = prepare(db)

  const writeBatch = db.transaction((batch: JournalBatch): Refused[] => {
    const refused: Refused[] = []
    // A run's row is read once and written once a batch, however many of its events are in it.
    const runs = new Map<string, RunRow>()
    for (const record of recordsOf(batch)) {
      const columns = columnsOf(record)
      if (typeof columns === 'string')
        refused.push({ index: record.index, eventId: record.eventId, reason: columns })
      else writeEvent(record, columns, runs)
    }
    for (const run of runs.values()) statements.updateRun.run(run)
    return refused
  })

  function writeEvent(record: JournalRecord, columns: EventColumns, runs: Map<string, RunRow>): void {
    const run = columns.runId === null ? undefined : rowOf(columns.runId, runs)
    const host = keys.name(columns.host)
    const inserted = statements.insertEvent.run(
      record.index,
      record.eventId,
      run?.key ?? null,
      columns.timestamp,
      keys.name(columns.action),
      keys.name(columns.playbook),
      host,
      keys.name(columns.user),
      columns.status,
      record.receivedAt,
      record.sender,
      record.payload
    )
    if (inserted.changes === 0 || run === undefined) return
    addEvent(run, columns, record.index, record.receivedAt)
    if (columns.result === undefined || host === null) return
    writeResult(run, host, columns.result, record.index)
  }

  /** Of two results of one task on one host the greater sequence counts, in whatever order they come. */
  function writeResult(run: RunRow, host: number, result: ResultColumns, record: number): void {
    const task = keys.task(run.key, result)
    const { sequence, status } = result
    keys.runHost(host, run.id)
    if (statements.insertResult.run(task, host, run.key, sequence, status, record).changes === 1) {
      run[status]++
      return
    }
    const other = statements.findResult.get(task, host)
    if (other === undefined) throw new Error(`index: the result of record ${record} is neither new nor there`)
    if (sequence < other.sequence || (sequence === other.sequence && record > other.record)) return
    statements.replaceResult.run(sequence, status, record, task, host)
    run[other.status]--
    run[status]++
  }

  function rowOf(id: string, runs: Map<string, RunRow>): RunRow {
    const known = runs.get(id)
    if (known !== undefined) return known
    const row = statements.findRun.get(id) ?? { ...emptyRun<number>(id), key: newRunKey(id) }
    runs.set(id, row)
    return row
  }

  function newRunKey(id: string): number {
    return Number(statements.insertRun.run(id).lastInsertRowid)
  }

  return {
    cursor: () => statements.cursor.get() ?? 0,
    write(batch) {
      try {
        const refused = writeBatch.immediate(batch)
        boundWal(db)
        return refused
      } catch (error) {
        keys.forget()
        throw error
      }
    },
    moveCursor(next) {
      statements.moveCursor.run(next)
    }
  }
}

function prepare(db: Database.Database) {
  type Result = { sequence: number; status: ResultStatus; record: number }
  return {
    cursor: db.prepare<[], number>('SELECT cursor FROM meta').pluck(),
    moveCursor: db.prepare<[number]>('UPDATE meta SET cursor = ?'),
    insertEvent: db.prepare(
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
    ),
    findRun: db.prepare<[string], RunRow>('SELECT * FROM runs WHERE id = ?'),
    insertRun: db.prepare<[string]>(
      "INSERT INTO runs VALUES (NULL, ?, 'running', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
    ),
    updateRun: db.prepare<[RunRow]>(`
      UPDATE runs SET status = @status, name = @name, path = @path, user = @user, started = @started,
        finished = @finished, aborted = @aborted, silenced = @silenced, events = @events,
        silences = @silences, last_received = @last_received, heard = @heard, heard_until = @heard_until,
        ok = @ok, changed = @changed, failed = @failed, skipped = @skipped, unreachable = @unreachable
      WHERE key = @key`),
    insertResult: db.prepare('INSERT INTO results VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    findResult: db.prepare<[number, number], Result>(
      'SELECT sequence, status, record FROM results WHERE task = ? AND host = ?'
    ),
    replaceResult: db.prepare(
      'UPDATE results SET sequence = ?, status = ?, record = ? WHERE task = ? AND host = ?'
    )
  }
}
