import type Database from 'better-sqlite3'
import type { Expiry } from '../reconcile/comparable.ts'
import { timeOfRunId } from '../run-id.ts'

/** What was removed because of its age, as far as expire.ts has noted it. */
export function expiryOf(db: Database.Database): Expiry {
  const row = expiredRow(db)
  const run = row?.run ?? ''
  const time = row?.time ?? Number.NEGATIVE_INFINITY
  const hasRun = (id: string): boolean => id <= run
  const hasEvent: Expiry['hasEvent'] = ({ columns: { runId, timestamp } }) =>
    runId === null ? timestamp < time : hasRun(runId)
  return { hasEvent, hasResult: hasEvent, hasRun }
}

/** The latest time of which something was removed, in milliseconds since 1970. */
export function keptSinceMs(db: Database.Database): number | undefined {
  const { run = '', time = null } = expiredRow(db) ?? {}
  const times = [
    ...(run === '' ? [] : [Date.parse(timeOfRunId(run))]),
    ...(time === null ? [] : [time / 1_000])
  ]
  return times.length === 0 ? undefined : Math.max(...times)
}

function expiredRow(db: Database.Database): { run: string; time: number | null } | undefined {
  return db
    .prepare<[], { run: string; time: number | null }>(
      'SELECT expired_run AS run, expired_time AS time FROM meta'
    )
    .get()
}
