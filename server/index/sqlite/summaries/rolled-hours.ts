import type Database from 'better-sqlite3'
import { resultStatuses } from '../../store.ts'
import type { EventFilter } from '../../summaries.ts'
import { whereNames } from '../event-source.ts'
import { type Selection, select } from '../selection.ts'
import { stillWantedBy } from '../still-wanted.ts'
import type { Whole } from './counted.ts'

// Which roll-up tells how many events there are. `tallies` knows no hosts; `host_tallies` knows only events of a host,
// and statuses only as far as results have them.

/** Whether `tallies` can tell of the events that pass a filter. */
export function hoursCan({ runId, taskKey, host, matching }: EventFilter): boolean {
  return runId === undefined && taskKey === undefined && host === undefined && matching === undefined
}

/** Whether `host_tallies` can; `byStatus` where it is asked for each status. */
export function hostsCan(
  db: Database.Database,
  filter: EventFilter,
  whole: Whole,
  byStatus: boolean
): boolean {
  if (!hoursCan({ ...filter, host: undefined })) return false
  const isOfResults = resultStatuses.some((status) => status === filter.status)
  if (isOfResults || (filter.status === undefined && !byStatus)) return true
  const found = hoursWhere(db, filter, whole)
  found?.where('e.others > 0')
  const rows = found?.asking('1 FROM host_tallies e', 'LIMIT 1')() ?? []
  return [...rows].length === 0
}

/** Rows of one of the two; undefined if there can be none. */
export function hoursWhere(
  db: Database.Database,
  { action, playbook, host, user }: EventFilter,
  { first, next }: Whole
): Selection | undefined {
  const found = select(db)
  // Both roll-ups have these columns.
  found.where(stillWantedBy('e.hour', 'e.action', 'e.playbook', 'e.user'))
  found.where('e.hour >= ? AND e.hour < ?', first, next)
  return whereNames(db, found, { action, playbook, host, user }) ? found : undefined
}

/** Events of a row of `host_tallies` that have the status, if one is asked for. */
export function statusSum(status: EventFilter['status']): string {
  const known = resultStatuses.filter((one) => status === undefined || one === status)
  const others = status === undefined ? ['others', 'none'] : []
  return [...known, ...others].map((column) => `e.${column}`).join(' + ') || '0'
}
