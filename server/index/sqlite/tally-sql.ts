import type Database from 'better-sqlite3'
import { resultStatuses } from '../store.ts'

type Value = number | string | null | Buffer

/** The first column of the key of `host_tallies`, each value once, found by a look for each. */
export const ACTIONS_OF_HOSTS = `
  WITH RECURSIVE actions (action) AS (
    SELECT min(action) FROM host_tallies
    UNION ALL
    SELECT (SELECT min(action) FROM host_tallies t WHERE t.action > a.action) FROM actions a
    WHERE a.action IS NOT NULL)
  SELECT action FROM actions WHERE action IS NOT NULL`

/** Statements that add counts to the roll-ups; the order of their values is that of the columns. */
export function tallyStatements(db: Database.Database) {
  const lasts = resultStatuses.map((status) => `last_${status}`)
  return {
    addHour: db.prepare<Value[]>(upsert('tallies', 5, [added('events')])),
    addHost: db.prepare<Value[]>(
      upsert('host_tallies', 6, [
        ...[...resultStatuses, 'others', 'none'].map(added),
        ...[...lasts, 'last_done'].map(later)
      ])
    ),
    addTask: db.prepare<Value[]>(
      upsert('task_tallies', 5, [
        ...[...resultStatuses, 'flaky_ok', 'flaky_changed'].map(added),
        ...lasts.map(later),
        'durations = playtrail_add_durations(durations, excluded.durations)'
      ])
    )
  }
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
