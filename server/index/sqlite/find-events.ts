import type Database from 'better-sqlite3'
import type { Query } from '../../ask/query/ast.ts'
import { STATUS } from '../../ask/query/fields.ts'
import { requiredValue, requiresTrue } from '../../ask/query/required.ts'
import { toSql } from '../../ask/query/to-sql.ts'
import { type EventRow, eventDocument, parsed } from '../documents.ts'
import { partOf } from '../event-part.ts'
import {
  type EventPart,
  type EventPartQuery,
  type EventQuery,
  type IndexedEvent,
  type Page,
  type ResultQuery,
  resultStatuses,
  runStatuses
} from '../store.ts'
import { pageOf } from './pages.ts'
import { IN_KEY_LIST, keyList, nameKeys, type Selection, select } from './selection.ts'
import { CHECKED } from './tables.ts'
import { textCandidates } from './texts.ts'

const EVENT_ROW = 'e.record, e.received, e.sender, e.payload'
/** The condition of the index `events_that_failed`, word for word, as SQLite wants to see it to use it. */
const FAILED = "e.status IN ('failed', 'unreachable', 'aborted')"
/** The same of `events_that_would_change`. */
const WOULD_CHANGE = `e.status = 'changed' AND e.flags & ${CHECKED}`

export function findEvents(db: Database.Database, journalId: string, query: EventQuery): Page<IndexedEvent> {
  return find(db, journalId, query, (row) => eventDocument(row, journalId))
}

export function findEventParts(
  db: Database.Database,
  journalId: string,
  { fields, ...query }: EventPartQuery
): Page<EventPart> {
  const part = partOf(fields)
  return find(db, journalId, query, ({ payload }) => part(parsed(payload)))
}

function find<Item>(
  db: Database.Database,
  journalId: string,
  asked: EventQuery,
  itemOf: (row: EventRow) => Item
): Page<Item> {
  const query = withRequired(asked)
  const found = select(db)
  if (query.runId !== undefined) {
    const run = runKey(db, query.runId)
    if (run === undefined) return { items: [] }
    found.equal('e.run', run)
  }
  const hosts = whereName(db, found, 'e.host', query.host)
  const matched =
    hosts > 0 &&
    whereName(db, found, 'e.action', query.action) > 0 &&
    whereName(db, found, 'e.playbook', query.playbook) > 0 &&
    whereName(db, found, 'e.user', query.user) > 0
  if (!matched) return { items: [] }
  found.equal('e.status', query.status)
  if (query.isWithoutHeartbeats) {
    const [heartbeat] = nameKeys(db, 'run.heartbeat')
    if (heartbeat !== undefined) found.where('e.action IS NOT ?', heartbeat)
  }
  found.between('e.timestamp', query)
  const { after, limit } = query
  const [operator, direction] = query.order === 'desc' ? ['<', 'DESC'] : ['>', 'ASC']
  if (after !== undefined) found.where(`(e.timestamp, e.record) ${operator} (?, ?)`, ...after)
  const source = sourceOf(db, found, query, hosts)
  whereMatching(found, query.matching, journalId)
  const rows = found.rows<EventRow & { timestamp: number }>(
    `e.timestamp, ${EVENT_ROW} FROM ${source}`,
    `ORDER BY e.timestamp ${direction}, e.record ${direction} LIMIT ?`,
    limit + 1
  )
  return pageOf(rows, limit, (row) => ({
    item: itemOf(row),
    bytes: row.payload.length,
    position: [row.timestamp, row.record]
  }))
}

export function findResults(
  db: Database.Database,
  journalId: string,
  query: ResultQuery
): Page<IndexedEvent> {
  const found = select(db)
  const { after, limit } = query
  const run = runKey(db, query.runId)
  if (run === undefined || whereName(db, found, 'r.host', query.host) === 0) return { items: [] }
  found.equal('r.run', run)
  found.equal('r.status', query.status)
  found.between('e.timestamp', query)
  whereMatching(found, query.matching, journalId)
  if (after !== undefined) found.where('(r.sequence, r.record) > (?, ?)', ...after)
  const rows = found.rows<EventRow & { sequence: number }>(
    `r.sequence, ${EVENT_ROW} FROM results r INDEXED BY results_by_run CROSS JOIN events e ON e.record = r.record`,
    'ORDER BY r.sequence, r.record LIMIT ?',
    limit + 1
  )
  return pageOf(rows, limit, (row) => ({
    item: eventDocument(row, journalId),
    bytes: row.payload.length,
    position: [row.sequence, row.record]
  }))
}

/** What the query in it requires as filters, which an index is chosen by. */
function withRequired(query: EventQuery): EventQuery {
  const { matching } = query
  const host = requiredValue(matching, 'host.name')
  const status = requiredValue(matching, STATUS)
  return {
    ...query,
    runId: query.runId ?? requiredValue(matching, 'run.id'),
    // In a filter `*` would stand for any characters.
    host: query.host ?? (host?.includes('*') ? undefined : host),
    status: query.status ?? [...resultStatuses, ...runStatuses].find((known) => known === status)
  }
}

function whereMatching(found: Selection, matching: Query | undefined, journalId: string): void {
  if (matching === undefined) return
  const { text, values } = toSql(matching, journalId)
  found.where(text, ...values)
}

/** Where to look: at the few events that have the words of the query, or else along an index. */
function sourceOf(db: Database.Database, found: Selection, query: EventQuery, hosts: number): string {
  const candidates = textCandidates(db, query.matching)
  if (candidates?.are === 'many') found.where(candidates.condition, ...candidates.values)
  if (candidates?.are !== 'few') return `events e INDEXED BY ${indexFor(found, query, hosts)}`
  found.with(candidates.table, ...candidates.values)
  // CROSS JOIN tells SQLite to keep this order.
  return 'candidates c CROSS JOIN events e ON e.record = c.record'
}

/**
 * The index whose entries are all wanted, or most of them, and come in the order of time. SQLite would have
 * to guess: it does not know how many events a run or a host has.
 */
function indexFor(found: Selection, query: EventQuery, hosts: number): string {
  if (query.runId !== undefined) return 'events_by_run'
  if (requiresWouldChange(query)) {
    found.where(WOULD_CHANGE)
    return 'events_that_would_change'
  }
  if (hosts === 1) return 'events_by_host'
  if (requiredValue(query.matching, 'ansible.task.key') !== undefined) return 'events_by_task'
  if (query.status !== 'failed' && query.status !== 'unreachable' && query.status !== 'aborted')
    return 'events_by_time'
  found.where(FAILED)
  return 'events_that_failed'
}

/** Of a host's result the flag says what `ansible.task.check_mode` does. */
function requiresWouldChange({ action, status, matching }: EventQuery): boolean {
  return action === 'host.result' && status === 'changed' && requiresTrue(matching, 'ansible.task.check_mode')
}

/** Adds a condition on a column of keys, unless `name` is absent; returns how many names match, Infinity for any. */
function whereName(
  db: Database.Database,
  found: Selection,
  column: string,
  name: string | undefined
): number {
  if (name === undefined) return Number.POSITIVE_INFINITY
  const keys = nameKeys(db, name)
  if (keys.length === 1) found.equal(column, keys[0])
  else found.where(`${column} ${IN_KEY_LIST}`, keyList(keys))
  return keys.length
}

function runKey(db: Database.Database, id: string): number | undefined {
  return db.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck().get(id)
}
