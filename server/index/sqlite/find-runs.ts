import type Database from 'better-sqlite3'
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

  const payload = db.prepare<[number | null], Buffer>('SELECT payload FROM events WHERE record = ?').pluck()
  const rows = found.rows<RunRow>(
    `r.* FROM ${source.tables}`,
    `ORDER BY ${source.id} DESC LIMIT ?`,
    limit + 1
  )
  return pageOf(rows, limit, (row): Entry<Run> => {
    const started = payload.get(row.started)
    const ended = payload.get(endOf(row))
    const bytes = (started?.length ?? 0) + (ended?.length ?? 0)
    return {
      item: runDocument(row, started && parsed(started), ended && parsed(ended)),
      bytes,
      position: [row.id]
    }
  })
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
