import type Database from 'better-sqlite3'
import { type EventRow, eventDocument, parsed } from '../documents.ts'
import { partOf } from '../event-part.ts'
import type { EventPart, EventPartQuery, EventQuery, IndexedEvent, Page, ResultQuery } from '../store.ts'
import { activeHours, type TimeRange, timeRange } from './active-hours.ts'
import { runKey, whereEvents, whereMatching, whereName, withRequired } from './event-source.ts'
import { type Entry, pageOf } from './pages.ts'
import { nameKey, select } from './selection.ts'
import { STILL_WANTED } from './still-wanted.ts'

type Found = [record: number, received: number, sender: string, payload: Buffer, place: number]
const FOUND = 'e.record, e.received, e.sender, e.payload'

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
  const source = whereEvents(db, found, query, journalId)
  if (source === undefined) return { items: [] }
  if (query.isWithoutHeartbeats) {
    const heartbeat = nameKey(db, 'run.heartbeat')
    if (heartbeat !== undefined) found.where('e.action IS NOT ?', heartbeat)
  }
  const { after, limit, order } = query
  const [operator, direction] = order === 'desc' ? ['<', 'DESC'] : ['>', 'ASC']
  if (after !== undefined) found.where(`(e.timestamp, e.record) ${operator} (?, ?)`, ...after)
  const ask = found.asking<Found>(
    `${FOUND}, e.timestamp FROM ${source.from}`,
    `AND e.timestamp >= ? AND e.timestamp < ? ORDER BY e.timestamp ${direction}, e.record ${direction} LIMIT ?`
  )
  const range = timeFrom(timeRange(query), after, order)
  const ranges = source.index === 'events_by_time' ? activeHours(db, query, range, order) : [range]
  const rows = Iterator.from(ranges).flatMap(({ from, to }) => ask(from, to, limit + 1))
  return pageOf(rows, limit, (row) => entryOf(row, itemOf))
}

export function findResults(
  db: Database.Database,
  journalId: string,
  query: ResultQuery
): Page<IndexedEvent> {
  const found = select(db)
  const { after, limit, host } = query
  found.where(STILL_WANTED)
  const run = runKey(db, query.runId)
  if (run === undefined || (host !== undefined && whereName(db, found, 'r.host', host) === 0))
    return { items: [] }
  found.equal('r.run', run)
  found.equal('r.status', query.status)
  found.between('e.timestamp', query)
  whereMatching(found, query.matching, journalId)
  if (after !== undefined) found.where('(r.sequence, r.record) > (?, ?)', ...after)
  const ask = found.asking<Found>(
    `${FOUND}, r.sequence FROM results r INDEXED BY results_by_run CROSS JOIN events e ON e.record = r.record`,
    'ORDER BY r.sequence, r.record LIMIT ?'
  )
  const itemOf = (row: EventRow) => eventDocument(row, journalId)
  return pageOf(ask(limit + 1), limit, (row) => entryOf(row, itemOf))
}

/** The time that is left behind the end of the page before. */
function timeFrom(range: TimeRange, after: EventQuery['after'], order: EventQuery['order']): TimeRange {
  if (after === undefined) return range
  const time = Number(after[0])
  return order === 'desc'
    ? { ...range, to: Math.min(range.to, time + 1) }
    : { ...range, from: Math.max(range.from, time) }
}

function entryOf<Item>(
  [record, received, sender, payload, place]: Found,
  itemOf: (row: EventRow) => Item
): Entry<Item> {
  const item = itemOf({ record, received, sender, payload })
  return { item, bytes: payload.length, position: [place, record] }
}
