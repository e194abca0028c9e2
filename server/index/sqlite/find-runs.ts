import type Database from 'better-sqlite3'
import type { Query } from '../../ask/query/ast.ts'
import { matches } from '../../ask/query/evaluate.ts'
import { parsed, runDocument } from '../documents.ts'
import { firstRunId } from '../run-id.ts'
import { endOf } from '../run-state.ts'
import type { Page, Run, RunQuery } from '../store.ts'
import { type Entry, pageOf } from './pages.ts'
import type { RunRow } from './run-row.ts'
import { comparison, IN_KEY_LIST, keyList, nameKeys, type Selection, select } from './selection.ts'

export function findRuns(db: Database.Database, query: RunQuery): Page<Run> {
  const found = select(db)
  const { id, playbook, fromMs, toMs, after, limit } = query
  // 'g' comes behind every digit and dash that can follow.
  if (id !== undefined) found.where('r.id >= ? AND r.id < ?', id, `${id}g`)
  if (fromMs !== undefined) found.where('r.id >= ?', firstRunId(fromMs))
  if (toMs !== undefined) found.where('r.id < ?', firstRunId(toMs))
  if (after !== undefined) found.where('r.id < ?', String(after[0]))
  found.equal('r.user', query.user)
  found.equal('r.status', query.status)
  if (query.heardBeforeMs !== undefined) found.where('r.heard < ?', Math.round(query.heardBeforeMs * 1000))
  if (playbook !== undefined) {
    const { operator, value } = comparison(playbook)
    found.where(`(r.name ${operator} ? OR r.path ${operator} ?)`, value, value)
  }
  const source = sourceOf(db, found, query.host)
  if (source === undefined) return { items: [] }

  const { matching } = query
  const rows = found.rows<RunRow>(
    `r.* FROM ${source.tables}`,
    `ORDER BY ${source.id} DESC LIMIT ?`,
    // Without a limit (-1) they are read until enough of them match.
    matching === undefined ? limit + 1 : -1
  )
  const entries = Iterator.from(rows).map(entriesOf(db))
  return pageOf(
    matching === undefined ? entries : entries.filter(matcher(db, matching)),
    limit,
    ({ entry }) => entry
  )
}

/** A run as its row and the events that it names tell it. */
function entriesOf(db: Database.Database): (row: RunRow) => { row: RunRow; entry: Entry<Run> } {
  const payload = db.prepare<[number | null], Buffer>('SELECT payload FROM events WHERE record = ?').pluck()
  return (row) => {
    const started = payload.get(row.started)
    const ended = payload.get(endOf(row))
    const bytes = (started?.length ?? 0) + (ended?.length ?? 0)
    const item = runDocument(row, started && parsed(started), ended && parsed(ended))
    return { row, entry: { item, bytes, position: [row.id] } }
  }
}

/** Runs are few beside events, so that looking at one after the other serves; most of a run is in no column. */
function matcher(
  db: Database.Database,
  matching: Query
): (run: { row: RunRow; entry: Entry<Run> }) => boolean {
  const hostNames = db
    .prepare<[number], string>(
      'SELECT name FROM names WHERE key IN (SELECT host FROM results INDEXED BY results_by_run WHERE run = ?)'
    )
    .pluck()
  return ({ row, entry }) => {
    const name = hostNames.all(row.key)
    const document = { ...entry.item, ...(name.length > 0 && { host: { name } }) }
    return matches(matching, document, 'runs')
  }
}

/** Where to look for the runs of a host, and the column to sort them by; undefined if there is no such host. */
function sourceOf(
  db: Database.Database,
  found: Selection,
  host: string | undefined
): { tables: string; id: string } | undefined {
  if (host === undefined) return { tables: 'runs r', id: 'r.id' }
  const keys = nameKeys(db, host)
  const [key] = keys
  if (key === undefined) return undefined
  if (keys.length > 1) {
    found.where(`r.id IN (SELECT run_id FROM run_hosts WHERE host ${IN_KEY_LIST})`, keyList(keys))
    return { tables: 'runs r', id: 'r.id' }
  }
  found.equal('h.host', key)
  // CROSS JOIN tells SQLite to keep this order: a host's own runs are sorted already.
  return { tables: 'run_hosts h CROSS JOIN runs r ON r.id = h.run_id', id: 'h.run_id' }
}
