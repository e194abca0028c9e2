import type Database from 'better-sqlite3'
import { parsed } from '../documents.ts'
import { type Outline, outlineActions, tooManyResults } from '../outline.ts'
import { flagsOf, type OutlineFold, openOutlineFold, type TaskFold, type TaskPlace } from '../outline-fold.ts'
import { type ResultStatus, resultStatuses } from '../store.ts'
import { IN_KEY_LIST, keyList, nameKeys } from './selection.ts'
import { STILL_WANTED } from './still-wanted.ts'

interface ResultRow {
  task: number
  host: number
  sequence: number
  status: ResultStatus
  timestamp: number
  duration: number | null
  /** Of what failed or was unreachable: whether that was ignored or rescued is in no column. */
  payload: Buffer | null
}

/**
 * Puts a run together where its events lie, so that only the outline goes to another thread. Nearly all events of a
 * run are results, of which columns tell enough.
 */
export function readOutline(db: Database.Database, runId: string): Outline {
  const run = db.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck().get(runId)
  const fold = openOutlineFold()
  if (run === undefined) return fold.outline()
  addStarts(db, fold, run, runId)
  const tasks = tasksOf(db, fold, run)
  const hosts = hostNames(db, run)
  const results = db.prepare<[number], ResultRow>(
    `SELECT r.task, r.host, r.sequence, r.status, e.timestamp, e.duration,
       CASE WHEN r.status IN ('failed', 'unreachable') THEN e.payload END AS payload
     FROM results r INDEXED BY results_by_run CROSS JOIN events e ON e.record = r.record
     WHERE ${STILL_WANTED} AND r.run = ?`
  )
  for (const { task, host, status, payload, ...row } of results.iterate(run)) {
    const of = tasks(task)
    const name = hosts.get(host)
    if (of === undefined || name === undefined)
      throw new Error(`index: a result has no task ${task} or host ${host}`)
    fold.addResult(of, name, {
      sequence: row.sequence,
      endedAt: row.timestamp,
      duration: row.duration ?? Number.NaN,
      status: resultStatuses.indexOf(status),
      flags: payload === null ? 0 : flagsOf(parsed(payload).ansible)
    })
    if (fold.isTooLarge) throw tooManyResults(runId)
  }
  return fold.outline()
}

/** All that is told of a run but its results. */
function addStarts(db: Database.Database, fold: OutlineFold, run: number, runId: string): void {
  const actions = outlineActions
    .filter((action) => action !== 'host.result')
    .flatMap((name) => nameKeys(db, name))
  const events = db
    .prepare<[number, string], Buffer>(
      `SELECT e.payload FROM events e INDEXED BY events_by_run
       WHERE ${STILL_WANTED} AND e.run = ? AND e.action ${IN_KEY_LIST}`
    )
    .pluck()
  for (const payload of events.iterate(run, keyList(actions))) {
    fold.add(parsed(payload))
    if (fold.isTooLarge) throw tooManyResults(runId)
  }
}

/**
 * The tasks by key, each made when a result of it is there: what has none was started, or is no task of the run. Where
 * the start of one was lost, its first result tells what it is called.
 */
function tasksOf(
  db: Database.Database,
  fold: OutlineFold,
  run: number
): (key: number) => TaskFold | undefined {
  const rows = db.prepare<[number], TaskPlace & { key: number }>(
    'SELECT key, play_id AS playId, batch, task_id AS taskId, occurrence FROM tasks WHERE run = ?'
  )
  const firstResult = db
    .prepare<[number], Buffer>(
      'SELECT e.payload FROM results r JOIN events e ON e.record = r.record WHERE r.task = ? ORDER BY r.sequence LIMIT 1'
    )
    .pluck()
  const places = new Map(rows.all(run).map(({ key, ...place }) => [key, place]))
  const tasks = new Map<number, TaskFold>()
  return (key) => {
    const known = tasks.get(key)
    const place = places.get(key)
    if (known !== undefined || place === undefined) return known
    const task = fold.task(place)
    tasks.set(key, task)
    const payload = task.told === undefined ? firstResult.get(key) : undefined
    if (payload !== undefined) fold.add(parsed(payload))
    return task
  }
}

function hostNames(db: Database.Database, run: number): Map<number, string> {
  const rows = db.prepare<[number], { key: number; name: string }>(
    'SELECT key, name FROM names WHERE key IN (SELECT host FROM results INDEXED BY results_by_run WHERE run = ?)'
  )
  return new Map(rows.all(run).map(({ key, name }) => [key, name]))
}
