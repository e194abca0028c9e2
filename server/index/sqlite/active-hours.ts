import type Database from 'better-sqlite3'
import type { EventFilter } from '../summaries.ts'
import { whereNames } from './event-source.ts'
import { select, wholeMicroseconds } from './selection.ts'
import { stillWantedBy } from './still-wanted.ts'
import { HOUR_US } from './tallies.ts'

/** A time, half open, in microseconds since 1970. */
export interface TimeRange {
  from: number
  to: number
}

/**
 * All time that an event can have: the years 0000 to 9999. A day more at the end, since numbers of microseconds are
 * rounded there.
 */
export const ALWAYS: TimeRange = {
  from: Date.parse('0000-01-01T00:00:00Z') * 1000,
  to: (Date.parse('9999-12-31T00:00:00Z') + 2 * 86_400_000) * 1000
}

/** The time that a filter is about. */
export function timeRange({ fromMs, toMs }: Pick<EventFilter, 'fromMs' | 'toMs'>): TimeRange {
  return {
    from: fromMs === undefined ? ALWAYS.from : wholeMicroseconds(fromMs),
    to: toMs === undefined ? ALWAYS.to : wholeMicroseconds(toMs)
  }
}

/**
 * The times within `range` in which there are events with the names and the status that a filter wants, as the
 * roll-up of the hours knows. So what is rare is found without passing by all that lies between.
 */
export function activeHours(
  db: Database.Database,
  filter: EventFilter,
  range: TimeRange,
  order: 'asc' | 'desc' = 'asc'
): TimeRange[] {
  const { action, playbook, user, status } = filter
  if ([action, playbook, user, status].every((value) => value === undefined)) return [range]
  const found = select(db)
  found.where(stillWantedBy('e.hour', 'e.action', 'e.playbook', 'e.user'))
  if (!whereNames(db, found, { action, playbook, user })) return []
  found.equal('e.status', status)
  found.where('e.hour >= ? AND e.hour <= ?', Math.floor(range.from / HOUR_US), Math.floor(range.to / HOUR_US))
  const ranges: TimeRange[] = []
  for (const { hour } of found.rows<{ hour: number }>('DISTINCT e.hour FROM tallies e', 'ORDER BY e.hour')) {
    const [from, to] = [hour * HOUR_US, (hour + 1) * HOUR_US]
    const last = ranges.at(-1)
    if (last?.to === from) last.to = to
    else ranges.push({ from, to })
  }
  const within = ranges.map(({ from, to }) => ({
    from: Math.max(from, range.from),
    to: Math.min(to, range.to)
  }))
  return order === 'asc' ? within : within.reverse()
}
