import type Database from 'better-sqlite3'
import { limits } from '../../limits.ts'
import { firstRunId } from '../run-id.ts'
import type { Expired, Kept } from '../store.ts'
import { KEYED_EVENT, type KeyedEvent } from './keyed-event.ts'
import { openTallies } from './tallies.ts'

interface StoredEvent extends KeyedEvent {
  record: number
}

/** Removes what is older than what is to be kept, some events at a time. */
export function openExpire(
  db: Database.Database,
  eventsMax: number = limits.expireEventsMax
): (kept: Kept) => Expired {
  const statements = prepare(db)
  const tallies = openTallies(db)

  /** The events go first, the oldest ones before the others; then the results, and the run itself last. */
  function removeOf(run: { key: number; id: string }): Expired {
    statements.noteRun.run({ id: run.id })
    const events = statements.ofRun.all(run.key, eventsMax)
    const last = events.at(-1)
    // Those of the same time go together, as the roll-ups want it.
    if (last !== undefined) events.push(...statements.alike.all(run.key, last.timestamp, last.record))
    if (events.length > 0) return remove(events)
    if (statements.removeResults.run(run.key, eventsMax).changes > 0)
      return { events: 0, runs: 0, isMore: true }
    statements.removeHosts.run({ run: run.id })
    statements.removeTasks.run(run.key)
    statements.removeRun.run(run.key)
    return { events: 0, runs: 1, isMore: true }
  }

  function remove(events: readonly StoredEvent[]): Expired {
    for (const event of events) {
      statements.removeEvent.run(event.record)
      tallies.add(event)
    }
    tallies.take()
    return { events: events.length, runs: 0, isMore: true }
  }

  const expireSome = db.transaction(({ fromMs, runsMax }: Kept): Expired => {
    const fromUs = fromMs === undefined ? undefined : Math.round(fromMs * 1000)
    const fromRun = fromMs === undefined ? '' : firstRunId(fromMs)
    const newest = runsMax === undefined ? undefined : statements.nthNewest.get(runsMax - 1)
    const before = newest !== undefined && newest > fromRun ? newest : fromRun
    const run = statements.oldest.get(before)
    if (run !== undefined) return removeOf(run)
    const loose = fromUs === undefined ? [] : statements.ofNoRun.all(fromUs, eventsMax)
    if (fromUs === undefined || loose.length === 0) return { events: 0, runs: 0, isMore: false }
    statements.noteTime.run({ time: fromUs })
    return remove(loose)
  })
  return (kept) => expireSome.immediate(kept)
}

function prepare(db: Database.Database) {
  type Page = [key: number, limit: number]
  const ofRun = `SELECT record, ${KEYED_EVENT} FROM events INDEXED BY events_by_run WHERE run = ?`
  return {
    // The lives of the service are no runs that anybody counts: a start must not cost one of these.
    nthNewest: db
      .prepare<[number], string>(
        "SELECT id FROM runs WHERE kind IS NOT 'service' ORDER BY id DESC LIMIT 1 OFFSET ?"
      )
      .pluck(),
    oldest: db.prepare<[string], { key: number; id: string }>(
      "SELECT key, id FROM runs WHERE id < ? AND status <> 'running' ORDER BY id LIMIT 1"
    ),
    ofRun: db.prepare<Page, StoredEvent>(`${ofRun} ORDER BY timestamp, record LIMIT ?`),
    alike: db.prepare<[number, number, number], StoredEvent>(
      `${ofRun} AND timestamp = ? AND record > ? ORDER BY record`
    ),
    ofNoRun: db.prepare<Page, StoredEvent>(
      `SELECT record, ${KEYED_EVENT} FROM events INDEXED BY events_by_time
       WHERE timestamp < ? AND run IS NULL ORDER BY timestamp, record LIMIT ?`
    ),
    removeEvent: db.prepare<[number]>('DELETE FROM events WHERE record = ?'),
    removeResults: db.prepare<Page>(
      `DELETE FROM results WHERE (task, host) IN (
         SELECT task, host FROM results INDEXED BY results_by_run WHERE run = ? LIMIT ?)`
    ),
    // All hosts are tried: the table is sorted by them.
    removeHosts: db.prepare<[{ run: string }]>(
      'DELETE FROM run_hosts WHERE host IN (SELECT key FROM names) AND run_id = @run'
    ),
    removeTasks: db.prepare<[number]>('DELETE FROM tasks WHERE run = ?'),
    removeRun: db.prepare<[number]>('DELETE FROM runs WHERE key = ?'),
    noteRun: db.prepare<[{ id: string }]>('UPDATE meta SET expired_run = max(expired_run, @id)'),
    noteTime: db.prepare<[{ time: number }]>(
      'UPDATE meta SET expired_time = max(ifnull(expired_time, @time), @time)'
    )
  }
}
