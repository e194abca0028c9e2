import type Database from 'better-sqlite3'
import { resultStatuses } from '../store.ts'
import { HOST_RESULT } from './tables.ts'

type Value = number | string | null | Buffer
type Values = readonly Value[]

/** What is done to a row of each roll-up, of which the key comes first; the order is that of the columns. */
export interface TallyWriter {
  hour(key: Values, events: number): void
  /** Counts by status, when the last of each was, and the last change that was not only checked. */
  host(key: Values, counts: Values, lasts: Values, done: Value): void
  task(key: Values, counts: Values, flaky: Values, lasts: Values, durations: Buffer | null): void
}

/** The first column of the key of `host_tallies`, each value once, found by a look for each. */
export const ACTIONS_OF_HOSTS = `
  WITH RECURSIVE actions (action) AS (
    SELECT min(action) FROM host_tallies
    UNION ALL
    SELECT (SELECT min(action) FROM host_tallies t WHERE t.action > a.action) FROM actions a
    WHERE a.action IS NOT NULL)
  SELECT action FROM actions WHERE action IS NOT NULL`

/** Adds counts to the roll-ups. */
export function addToTallies(db: Database.Database): TallyWriter {
  const lasts = resultStatuses.map((status) => `last_${status}`)
  const addHour = db.prepare<[Values]>(upsert('tallies', 5, [added('events')]))
  const addHost = db.prepare<[Values]>(
    upsert('host_tallies', 6, [...hostCounts.map(added), ...[...lasts, 'last_done'].map(later)])
  )
  const addTask = db.prepare<[Values]>(
    upsert('task_tallies', 5, [
      ...taskCounts.map(added),
      ...lasts.map(later),
      'durations = playtrail_add_durations(durations, excluded.durations)'
    ])
  )
  return {
    hour: (key, events) => void addHour.run([...key, events]),
    host: (key, counts, times, done) => void addHost.run([...key, ...counts, ...times, done]),
    task: (key, counts, flaky, times, durations) =>
      void addTask.run([...key, ...counts, ...flaky, ...times, durations])
  }
}

/**
 * Takes counts of events away that have been removed, of one run at a time and the oldest of it first. So of a row that
 * is of one run, what was last is gone exactly if it is not later than what was removed; of tasks it is looked up.
 */
export function takeFromTallies(db: Database.Database): TallyWriter {
  const hourKey = keyed(['hour', 'action', 'status', 'playbook', 'user'])
  const hostKey = keyed(['action', 'run', 'host', 'hour', 'playbook', 'user'])
  const taskKey = keyed(['days', 'task', 'start', 'playbook', 'user'])
  const takeHour = db.prepare<[Values]>(`UPDATE tallies SET ${taken('events')} WHERE ${hourKey}`)
  const dropHour = db.prepare<[Values]>(`DELETE FROM tallies WHERE ${hourKey} AND events <= 0`)
  const hostLasts = [...resultStatuses.map((status) => `last_${status}`), 'last_done']
  const takeHost = db.prepare<[Values]>(
    `UPDATE host_tallies SET ${[...hostCounts.map(taken), ...hostLasts.map(gone)].join(', ')} WHERE ${hostKey}`
  )
  const dropHost = db.prepare<[Values]>(
    `DELETE FROM host_tallies WHERE ${hostKey} AND ${hostCounts.join(' + ')} <= 0`
  )
  const takeTask = db.prepare<[Values]>(
    `UPDATE task_tallies SET ${taskCounts.map(taken).join(', ')}, durations = playtrail_take_durations(durations, ?)
     WHERE ${taskKey}`
  )
  const dropTask = db.prepare<[Values]>(
    `DELETE FROM task_tallies WHERE ${taskKey} AND ${resultStatuses.join(' + ')} <= 0`
  )
  const lookAgain = resultStatuses.map((status) =>
    db.prepare<[Values]>(
      `UPDATE task_tallies AS t SET last_${status} = (${lastOfTask(status)}) WHERE ${taskKey} AND last_${status} <= ?`
    )
  )
  return {
    hour(key, events) {
      takeHour.run([events, ...key])
      dropHour.run(key)
    },
    host(key, counts, lasts, done) {
      takeHost.run([...counts, ...lasts, done, ...key])
      dropHost.run(key)
    },
    task(key, counts, flaky, lasts, durations) {
      takeTask.run([...counts, ...flaky, durations, ...key])
      dropTask.run(key)
      for (const [number, last] of lasts.entries()) if (last !== null) lookAgain[number]?.run([...key, last])
    }
  }
}

const hostCounts = [...resultStatuses, 'others', 'none']
const taskCounts = [...resultStatuses, 'flaky_ok', 'flaky_changed']
const DAY_US = 86_400_000_000

/** Of a row of `task_tallies`, called `t`: a week is of all playbooks and users. */
function lastOfTask(status: string): string {
  return `SELECT e.timestamp FROM events e INDEXED BY events_by_task
    WHERE e.task = t.task AND e.timestamp >= t.start * ${DAY_US} AND e.timestamp < (t.start + t.days) * ${DAY_US}
      AND e.action = ${HOST_RESULT} AND e.host IS NOT NULL AND e.status = '${status}'
      AND (t.days = 7 OR (ifnull(e.playbook, 0) = t.playbook AND ifnull(e.user, 0) = t.user))
    ORDER BY e.timestamp DESC LIMIT 1`
}

function keyed(columns: readonly string[]): string {
  return columns.map((column) => `${column} = ?`).join(' AND ')
}

function taken(column: string): string {
  return `${column} = ${column} - ?`
}

function gone(column: string): string {
  return `${column} = iif(${column} <= ?, NULL, ${column})`
}

function upsert(table: string, keys: number, changes: readonly string[]): string {
  const values = Array.from({ length: keys + changes.length }, () => '?').join(', ')
  // A table has one key only, so that it need not be named.
  return `INSERT INTO ${table} VALUES (${values}) ON CONFLICT DO UPDATE SET ${changes.join(', ')}`
}

function added(column: string): string {
  return `${column} = ${column} + excluded.${column}`
}

/** Of two times the later one; one that is NULL is none. */
function later(column: string): string {
  return `${column} = max(ifnull(${column}, excluded.${column}), ifnull(excluded.${column}, ${column}))`
}
