import type Database from 'better-sqlite3'
import type { Query } from '../../../ask/query/ast.ts'
import { STATUS } from '../../../ask/query/fields.ts'
import { Problem } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { EventFilter } from '../../summaries.ts'
import { activeHours, type TimeRange } from '../active-hours.ts'
import { whereEvents, withRequired } from '../event-source.ts'
import { select } from '../selection.ts'
import type { StillWanted } from '../still-wanted.ts'

/** The index, and the journal that it was made from. */
export interface Index {
  db: Database.Database
  journalId: string
  wanted: StillWanted
}

/** Which part of a filter's time the roll-ups tell of, in units of theirs: first ≤ unit < next. */
export interface Whole {
  first: number
  next: number
}

/** Filters that say the same as a query that requires a value of the field. */
const filterOfField: Readonly<Record<string, keyof EventFilter>> = {
  'run.id': 'runId',
  'event.action': 'action',
  'run.name': 'playbook',
  'host.name': 'host',
  'user.name': 'user',
  'ansible.task.key': 'taskKey',
  [STATUS]: 'status'
}

/** The filter with all that its query requires as filters, and without the query where that is all it says. */
export function simplified(filter: EventFilter): EventFilter {
  const { matching } = filter
  if (matching === undefined) return filter
  const required = withRequired(filter)
  const isSaid = (query: Query): boolean => {
    if (query.type === 'and') return query.of.every(isSaid)
    if (query.type !== 'equals') return query.type === 'all'
    const name = filterOfField[query.field]
    return name !== undefined && filter[name] === undefined && required[name] === query.value
  }
  return isSaid(matching) ? { ...required, matching: undefined } : required
}

/** The same for the results of hosts alone; undefined if the filter is about other events. */
export function simplifiedForResults(asked: EventFilter): EventFilter | undefined {
  const filter = simplified(asked)
  const { action = 'host.result' } = filter
  return action === 'host.result' ? { ...filter, action } : undefined
}

/**
 * Splits a time into whole units, of which the roll-ups tell, and what is left before and behind them, to be counted
 * event by event.
 */
export function split({ from, to }: TimeRange, unitUs: number): { whole: Whole; edges: TimeRange[] } {
  const [first, next] = [Math.ceil(from / unitUs), Math.floor(to / unitUs)]
  if (first >= next) return { whole: { first, next: first }, edges: [{ from, to }] }
  const edges = [
    { from, to: first * unitUs },
    { from: next * unitUs, to }
  ]
  return { whole: { first, next }, edges: edges.filter((edge) => edge.from < edge.to) }
}

/** An index that has all columns that are wanted, instead of the one by time; `condition` lets SQLite use it. */
export interface Along {
  index: string
  condition: string
}

/** Columns of the events within some times that pass the filter, in no order. */
export function* columnsOfEvents<Row extends unknown[]>(
  { db, journalId }: Index,
  filter: EventFilter,
  ranges: readonly TimeRange[],
  columns: string,
  along?: Along
): Generator<Row> {
  if (ranges.length === 0) return
  const found = select(db)
  const source = whereEvents(db, found, filter, journalId)
  if (source === undefined) return
  const isAlong = along !== undefined && source.index === 'events_by_time'
  if (isAlong) found.where(along.condition)
  const from = isAlong ? `events e INDEXED BY ${along.index}` : source.from
  const ask = found.asking<Row>(`${columns} FROM ${from}`, 'AND e.timestamp >= ? AND e.timestamp < ?')
  for (const range of ranges) {
    const isByTime = source.index === 'events_by_time' && !isAlong
    for (const each of isByTime ? activeHours(db, filter, range) : [range]) yield* ask(each.from, each.to)
  }
}

export function tooManyGroups(what: string): Problem {
  const detail = `The answer would have more than ${limits.groupsMax} ${what}. Narrow it by time (from, to) or by further filters.`
  return new Problem('too_many_groups', detail)
}

/** What keys stand for. */
export function namesOf(db: Database.Database): (key: number) => string {
  const find = db.prepare<[number], string>('SELECT name FROM names WHERE key = ?').pluck()
  return (key) => find.get(key) ?? `?${key}`
}
