import type Database from 'better-sqlite3'
import type { Event } from '../../event-types.ts'
import { type JournalBatch, type JournalRecord, recordsOf } from '../../journal/record.ts'
import { limits } from '../../limits.ts'
import { columnsOf, type EventColumns, parseEvent, type ResultColumns } from '../columns.ts'
import { addEvent, emptyRun, endOf } from '../run-state.ts'
import type { Expired, Kept, Refused, ResultStatus } from '../store.ts'
import { openExpire } from './expire.ts'
import { type EventValues, eventValues, INSERT_EVENT, keyedEvent } from './keyed-event.ts'
import { openKeys } from './keys.ts'
import { NEW_RUN, type RunRow } from './run-row.ts'
import { runTimes } from './run-times.ts'
import { CHECKPOINT_BYTES, logBytes, shortenLog } from './schema.ts'
import { openTallies } from './tallies.ts'
import { openTexts } from './texts.ts'

/** What the writing worker does, one call after the other. */
export interface Writer {
  cursor(): number
  /** One transaction: all of the batch or nothing. */
  write(batch: JournalBatch): Written
  moveCursor(next: number): void
  /** One step of making the full-text index; `isMore` tells whether another one is needed. */
  addWords(): { isMore: boolean; isLogLong: boolean }
  expireSome(kept: Kept): Expired
  /** Begins the write-ahead log anew; while no question is under way. */
  shortenLog(): void
}

export interface Written {
  refused: Refused[]
  /** The write-ahead log has grown beyond its limit. */
  isLogLong: boolean
}

/** Rows of runs that a batch changes, and which events they named before. */
type Runs = Map<string, { row: RunRow; before: string }>

export function openWriter(
  db: Database.Database,
  writeAheadLogBytesMax: number = limits.writeAheadLogBytesMax
): Writer {
  const keys = openKeys(db)
  const statements = prepare(db)
  const tallies = openTallies(db)
  const texts = openTexts(db)
  const expireSome = openExpire(db)
  let logBytesMax = writeAheadLogBytesMax

  const writeBatch = db.transaction((batch: JournalBatch): Refused[] => {
    const refused: Refused[] = []
    // A run's row is read once and written once a batch, however many of its events are in it.
    const runs: Runs = new Map()
    const texted = texts.end()
    for (const record of recordsOf(batch)) {
      const columns = columnsOf(record)
      if (typeof columns === 'string')
        refused.push({ index: record.index, eventId: record.eventId, reason: columns })
      else if (writeEvent(record, columns, runs) && record.index < texted) texts.add(record)
    }
    for (const { row, before } of runs.values()) updateRun(row, before)
    tallies.write()
    return refused
  })

  /** False if the event was there already. */
  function writeEvent(record: JournalRecord, columns: EventColumns, runs: Runs): boolean {
    const run = columns.runId === null ? undefined : rowOf(columns.runId, runs)
    const row = keyedEvent(columns, run?.key ?? null, keys)
    if (statements.insertEvent.run(eventValues(record, row)).changes === 0) return false
    tallies.add(row)
    if (run === undefined) return true
    addEvent(run, columns, record.index, record.receivedAt)
    if (columns.result !== undefined && row.host !== null)
      writeResult(run, row.host, columns.result, record.index)
    return true
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

  function rowOf(id: string, runs: Runs): RunRow {
    const known = runs.get(id)
    if (known !== undefined) return known.row
    const row = statements.findRun.get(id) ?? {
      ...emptyRun<number>(id),
      ...runTimes(undefined, undefined),
      key: newRunKey(id)
    }
    runs.set(id, { row, before: endsOf(row) })
    return row
  }

  /** The events that start and end a run are read again when others have taken their place. */
  function updateRun(row: RunRow, before: string): void {
    if (endsOf(row) !== before) Object.assign(row, runTimes(eventAt(row.started), eventAt(endOf(row))))
    statements.updateRun.run(row)
  }

  function eventAt(record: number | null): Partial<Event> | undefined {
    const payload = record === null ? undefined : statements.payload.get(record)
    return payload && parseEvent(payload)
  }

  function newRunKey(id: string): number {
    return Number(statements.insertRun.run(id).lastInsertRowid)
  }

  const isLogLong = (): boolean => logBytes(db) > logBytesMax

  return {
    cursor: () => statements.cursor.get() ?? 0,
    write(batch) {
      try {
        const refused = writeBatch.immediate(batch)
        return { refused, isLogLong: isLogLong() }
      } catch (error) {
        keys.forget()
        tallies.forget()
        throw error
      }
    },
    moveCursor(next) {
      statements.moveCursor.run(next)
    },
    addWords: () => ({ isMore: texts.addSome(), isLogLong: isLogLong() }),
    expireSome(kept) {
      // Keys of tasks that go with their runs must not be remembered.
      keys.forget()
      return expireSome(kept)
    },
    shortenLog() {
      // Where another process reads in it for long, it is tried again when it has grown some more.
      logBytesMax = shortenLog(db) ? writeAheadLogBytesMax : logBytes(db) + CHECKPOINT_BYTES
    }
  }
}

function endsOf(row: RunRow): string {
  return `${row.started} ${endOf(row)}`
}

function prepare(db: Database.Database) {
  const changes = Object.keys({ ...emptyRun(''), ...runTimes(undefined, undefined) })
    .map((column) => `${column} = @${column}`)
    .join(', ')
  type Result = { sequence: number; status: ResultStatus; record: number }
  return {
    cursor: db.prepare<[], number>('SELECT cursor FROM meta').pluck(),
    moveCursor: db.prepare<[number]>('UPDATE meta SET cursor = ?'),
    insertEvent: db.prepare<[EventValues]>(`${INSERT_EVENT} ON CONFLICT DO NOTHING`),
    payload: db.prepare<[number], Buffer>('SELECT payload FROM events WHERE record = ?').pluck(),
    findRun: db.prepare<[string], RunRow>('SELECT * FROM runs WHERE id = ?'),
    insertRun: db.prepare<[string]>(NEW_RUN),
    updateRun: db.prepare<[RunRow]>(`UPDATE runs SET ${changes} WHERE key = @key`),
    insertResult: db.prepare('INSERT INTO results VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    findResult: db.prepare<[number, number], Result>(
      'SELECT sequence, status, record FROM results WHERE task = ? AND host = ?'
    ),
    replaceResult: db.prepare(
      'UPDATE results SET sequence = ?, status = ?, record = ? WHERE task = ? AND host = ?'
    )
  }
}
