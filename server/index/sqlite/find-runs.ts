import type Database from 'better-sqlite3'
import type { Query } from '../../ask/query/ast.ts'
import { matches } from '../../ask/query/evaluate.ts'
import { STATUS } from '../../ask/query/fields.ts'
import { requiredValue } from '../../ask/query/required.ts'
import { parsed, runDocument } from '../documents.ts'
import { firstRunId } from '../run-id.ts'
import { endOf } from '../run-state.ts'
import {
  noResults,
  type Page,
  type ResultStatus,
  type Run,
  type RunQuery,
  runKinds,
  runStatuses
} from '../store.ts'
import type { HostRun, HostRunQuery, RunFilter } from '../summaries.ts'
import { type Entry, pageOf } from './pages.ts'
import type { RunRow } from './run-row.ts'
import { comparison, IN_KEY_LIST, keyList, nameKey, nameKeys, type Selection, select } from './selection.ts'
import type { StillWanted } from './still-wanted.ts'
import { HOST_RESULT } from './tables.ts'

export function findRuns(db: Database.Database, query: RunQuery, wanted: StillWanted): Page<Run> {
  const hosts = query.host === undefined ? undefined : nameKeys(db, query.host)
  const entry = entriesOf(db)
  return pageOf(rowsOf(db, query, hosts, wanted), query.limit, entry)
}

/** The runs with a result on a host, each with its results there. */
export function findHostRuns(db: Database.Database, query: HostRunQuery, wanted: StillWanted): Page<HostRun> {
  const key = nameKey(db, query.host)
  if (key === undefined) return { items: [] }
  const entry = entriesOf(db)
  // Through the tasks of the run, since those of its results that are of other hosts may be many.
  const counts = db
    .prepare<[number, number], [ResultStatus, number]>(
      `SELECT r.status, count(*) FROM tasks t CROSS JOIN results r ON r.task = t.key
       WHERE t.run = ? AND r.host = ? GROUP BY r.status`
    )
    .raw()
  return pageOf(rowsOf(db, query, [key], wanted), query.limit, (row) => {
    const { item, ...rest } = entry(row)
    const results = { ...noResults(), ...Object.fromEntries(counts.all(row.key, key)) }
    return { item: { ...item, host: { name: query.host }, results }, ...rest }
  })
}

/** Runs that are summed up, newest first. */
export function runRows(db: Database.Database, filter: RunFilter, wanted: StillWanted): Iterable<RunRow> {
  const hosts = filter.host === undefined ? undefined : nameKeys(db, filter.host)
  return rowsOf(db, filter, hosts, wanted)
}

/** Rows of the runs that pass the filters, newest first; with a result on one of the hosts, if some are given. */
function rowsOf(
  db: Database.Database,
  asked: Partial<RunQuery>,
  hosts: readonly number[] | undefined,
  wanted: StillWanted
): Iterable<RunRow> {
  const query = withRequiredOfRuns(asked)
  const found = select(db)
  const { id, playbook, fromMs, toMs, after, matching, limit } = query
  found.where('(r.key % 61 <> 0 OR still_wanted())')
  // 'g' comes behind every digit and dash that can follow.
  if (id !== undefined) found.where('r.id >= ? AND r.id < ?', id, `${id}g`)
  if (fromMs !== undefined) found.where('r.id >= ?', firstRunId(fromMs))
  if (toMs !== undefined) found.where('r.id < ?', firstRunId(toMs))
  if (after !== undefined) found.where('r.id < ?', String(after[0]))
  found.equal('r.user', query.user)
  found.equal('r.status', query.status)
  found.equal('r.kind', query.kind)
  if (query.isWithoutService) found.where("r.kind IS NOT 'service'")
  if (query.heardBeforeMs !== undefined) found.where('r.heard < ?', Math.round(query.heardBeforeMs * 1000))
  if (playbook !== undefined) {
    const { operator, value } = comparison(playbook)
    found.where(`(r.name ${operator} ? OR r.path ${operator} ?)`, value, value)
  }
  const source = tablesFor(found, hosts)
  if (source === undefined) return []
  const rows = found.rows<RunRow>(
    `r.* FROM ${source.tables}`,
    `ORDER BY ${source.id} DESC LIMIT ?`,
    // Without a limit (-1) they are read until enough of them match.
    matching === undefined && limit !== undefined ? limit + 1 : -1
  )
  return matching === undefined ? rows : Iterator.from(rows).filter(matcher(db, matching, wanted))
}

/** What the query in it requires as filters, for which there is an index. */
function withRequiredOfRuns(query: Partial<RunQuery>): Partial<RunQuery> {
  const { matching } = query
  if (matching === undefined) return query
  const status = requiredValue(matching, STATUS) ?? requiredValue(matching, 'run.status')
  const kind = requiredValue(matching, 'run.kind')
  return {
    ...query,
    user: query.user ?? requiredValue(matching, 'user.name'),
    status: query.status ?? runStatuses.find((known) => known === status),
    kind: query.kind ?? runKinds.find((known) => known === kind)
  }
}

/** A run as its row and the events that it names tell it. */
function entriesOf(db: Database.Database): (row: RunRow) => Entry<Run> {
  const payload = db.prepare<[number | null], Buffer>('SELECT payload FROM events WHERE record = ?').pluck()
  return (row) => {
    const started = payload.get(row.started)
    const ended = payload.get(endOf(row))
    const bytes = (started?.length ?? 0) + (ended?.length ?? 0)
    const item = runDocument(row, started && parsed(started), ended && parsed(ended))
    return { item, bytes, position: [row.id] }
  }
}

/** Runs are few beside events, so that looking at one after the other serves; most of a run is in no column. */
function matcher(db: Database.Database, matching: Query, wanted: StillWanted): (row: RunRow) => boolean {
  const entry = entriesOf(db)
  const hostNames = db
    .prepare<[number], string>(
      `SELECT name FROM names WHERE key IN (SELECT host FROM host_tallies WHERE action = ${HOST_RESULT} AND run = ?)`
    )
    .pluck()
  return (row) => {
    wanted.check()
    const name = hostNames.all(row.key)
    const document = { ...entry(row).item, ...(name.length > 0 && { host: { name } }) }
    return matches(matching, document, 'runs')
  }
}

/** Where to look for the runs of hosts, and the column to sort them by; undefined if there is no such host. */
function tablesFor(
  found: Selection,
  hosts: readonly number[] | undefined
): { tables: string; id: string } | undefined {
  if (hosts === undefined) return { tables: 'runs r', id: 'r.id' }
  const [key] = hosts
  if (key === undefined) return undefined
  if (hosts.length > 1) {
    found.where(`r.id IN (SELECT run_id FROM run_hosts WHERE host ${IN_KEY_LIST})`, keyList(hosts))
    return { tables: 'runs r', id: 'r.id' }
  }
  found.equal('h.host', key)
  // CROSS JOIN tells SQLite to keep this order: a host's own runs are sorted already.
  return { tables: 'run_hosts h CROSS JOIN runs r ON r.id = h.run_id', id: 'h.run_id' }
}
