import type Database from 'better-sqlite3'
import type { Query } from '../../ask/query/ast.ts'
import { field, STATUS } from '../../ask/query/fields.ts'
import { requiredValue, requiresTrue } from '../../ask/query/required.ts'
import { toSql } from '../../ask/query/to-sql.ts'
import { resultStatuses, runStatuses } from '../store.ts'
import type { EventFilter } from '../summaries.ts'
import { IN_KEY_LIST, keyList, nameKey, nameKeys, type Selection } from './selection.ts'
import { STILL_WANTED, STILL_WANTED_OFTEN } from './still-wanted.ts'
import { CHECKED } from './tables.ts'
import { textCandidates } from './texts.ts'

/** The condition of the index `events_that_failed`, word for word, as SQLite wants to see it to use it. */
const FAILED = "e.status IN ('failed', 'unreachable', 'aborted')"
/** The same of `events_that_would_change`. */
const WOULD_CHANGE = `e.status = 'changed' AND e.flags & ${CHECKED}`

/** Columns that a filter names, by the filter's word for them. */
const columns = { action: 'e.action', playbook: 'e.playbook', host: 'e.host', user: 'e.user' } as const
/** In these `*` stands for any characters. */
const patterns: ReadonlySet<keyof typeof columns> = new Set(['playbook', 'host'])

/** Where to look for events, as FROM has it, and along which index; none for the few that have certain words. */
export interface EventSource {
  from: string
  index: string | undefined
}

/** Adds what a filter says but the time; undefined if no event can pass it. */
export function whereEvents(
  db: Database.Database,
  found: Selection,
  filter: EventFilter,
  journalId: string
): EventSource | undefined {
  if (!whereColumns(db, found, filter)) return undefined
  const source = sourceOf(db, found, filter)
  whereMatching(found, filter.matching, journalId)
  return source
}

/** Adds what a filter says of the columns but the time; false if no event can pass it. */
export function whereColumns(db: Database.Database, found: Selection, filter: EventFilter): boolean {
  found.where(filter.matching === undefined ? STILL_WANTED : STILL_WANTED_OFTEN)
  if (filter.runId !== undefined) {
    const run = runKey(db, filter.runId)
    if (run === undefined) return false
    found.equal('e.run', run)
  }
  found.equal('e.status', filter.status)
  return whereNames(db, found, filter) && whereTask(db, found, filter.taskKey)
}

/** Adds what a filter says of names, of events or of roll-ups, called `e`; false if nothing can pass it. */
export function whereNames(
  db: Database.Database,
  found: Selection,
  filter: Pick<EventFilter, keyof typeof columns>
): boolean {
  for (const name of ['action', 'playbook', 'host', 'user'] as const) {
    const text = filter[name]
    if (text === undefined) continue
    const where = patterns.has(name) ? whereName : whereExactName
    if (where(db, found, columns[name], text) === 0) return false
  }
  return true
}

/** Adds a condition on a column of keys; returns how many names match, in which `*` stands for any characters. */
export function whereName(db: Database.Database, found: Selection, column: string, text: string): number {
  const keys = nameKeys(db, text)
  if (keys.length === 1) found.equal(column, keys[0])
  else found.where(`${column} ${IN_KEY_LIST}`, keyList(keys))
  return keys.length
}

function whereExactName(db: Database.Database, found: Selection, column: string, text: string): number {
  const key = nameKey(db, text)
  found.equal(column, key)
  return key === undefined ? 0 : 1
}

export function whereTask(db: Database.Database, found: Selection, taskKey: string | undefined): boolean {
  if (taskKey === undefined) return true
  return whereExactName(db, found, 'e.task', taskKey) > 0
}

export function whereMatching(found: Selection, matching: Query | undefined, journalId: string): void {
  if (matching === undefined) return
  const { text, values } = toSql(matching, journalId)
  found.where(text, ...values)
}

/** What the query in a filter requires, as filters of their own, by which an index is chosen. */
export function withRequired<Filter extends EventFilter>(filter: Filter): Filter {
  const { matching } = filter
  if (matching === undefined) return filter
  const required = (name: string): string | undefined => {
    const value = requiredValue(matching, name)
    // In a filter `*` would stand for any characters. What is too long is found by no query.
    return value?.includes('*') || (value?.length ?? 0) > field(name).charactersMax ? undefined : value
  }
  const status = required(STATUS)
  return {
    ...filter,
    runId: filter.runId ?? required('run.id'),
    action: filter.action ?? required('event.action'),
    playbook: filter.playbook ?? required('run.name'),
    host: filter.host ?? required('host.name'),
    user: filter.user ?? required('user.name'),
    taskKey: filter.taskKey ?? required('ansible.task.key'),
    status: filter.status ?? [...resultStatuses, ...runStatuses].find((known) => known === status)
  }
}

/** Where to look: at the few events that have the words of the query, or else along an index. */
function sourceOf(db: Database.Database, found: Selection, filter: EventFilter): EventSource {
  const candidates = textCandidates(db, filter.matching)
  if (candidates?.are === 'many') found.where(candidates.condition, ...candidates.values)
  if (candidates?.are === 'few') {
    found.with(candidates.table, ...candidates.values)
    // CROSS JOIN tells SQLite to keep this order.
    return { from: 'candidates c CROSS JOIN events e ON e.record = c.record', index: undefined }
  }
  const index = indexFor(db, found, filter)
  return { from: `events e INDEXED BY ${index}`, index }
}

/**
 * The index whose entries are all wanted, or most of them, and come in the order of time. SQLite would have
 * to guess: it does not know how many events a run or a host has.
 */
function indexFor(db: Database.Database, found: Selection, filter: EventFilter): string {
  const { runId, host, taskKey, status } = filter
  if (runId !== undefined) return 'events_by_run'
  if (requiresWouldChange(filter)) {
    found.where(WOULD_CHANGE)
    return 'events_that_would_change'
  }
  // Has the host as well, so that only the events that are wanted are looked at themselves.
  if (taskKey !== undefined) return 'events_by_task'
  if (host !== undefined && nameKeys(db, host).length === 1) return 'events_by_host'
  if (status !== 'failed' && status !== 'unreachable' && status !== 'aborted') return 'events_by_time'
  found.where(FAILED)
  return 'events_that_failed'
}

/** Of a host's result the flag says what `ansible.task.check_mode` does. */
function requiresWouldChange({ action, status, matching }: EventFilter): boolean {
  return action === 'host.result' && status === 'changed' && requiresTrue(matching, 'ansible.task.check_mode')
}

export function runKey(db: Database.Database, id: string): number | undefined {
  return db.prepare<[string], number>('SELECT key FROM runs WHERE id = ?').pluck().get(id)
}
