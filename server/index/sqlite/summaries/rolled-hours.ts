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

/** Whether `host_tallies` can, but for the statuses: see tellsStatuses. */
export function hostsCan(filter: EventFilter): boolean {
  return hoursCan({ ...filter, host: undefined })
}

/** Whether it also tells which statuses these have, `others` being the events with a status that no result has. */
export function tellsStatuses({ status }: EventFilter, others: number): boolean {
  return others === 0 || resultStatuses.some((one) => one === status)
}

const hostColumns = [...resultStatuses, 'others', 'none'] as const
/** Columns to ask `host_tallies` for; what is found is for hostCounts. */
export const hostSums = hostColumns.map((column) => `sum(e.${column})`)

interface HostCounts {
  /** Events that have the status, if one is asked for. */
  events: number
  statuses: [status: string, events: number][]
  others: number
}

export function hostCounts(sums: readonly (number | null)[], status: EventFilter['status']): HostCounts {
  const counts = hostColumns.map((column, at): [string, number] => [column, sums[at] ?? 0])
  const wanted = counts.filter(([column]) => status === undefined || column === status)
  return {
    events: wanted.reduce((sum, [, events]) => sum + events, 0),
    statuses: wanted.filter(([column]) => column !== 'others' && column !== 'none'),
    others: sums[resultStatuses.length] ?? 0
  }
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
