import type Database from 'better-sqlite3'
import type { Expiry } from '../reconcile/comparable.ts'

/** What was removed because of its age, as far as expire.ts has noted it. */
export function expiryOf(db: Database.Database): Expiry {
  const row = db
    .prepare<[], { run: string; time: number | null }>(
      'SELECT expired_run AS run, expired_time AS time FROM meta'
    )
    .get()
  const run = row?.run ?? ''
  const time = row?.time ?? Number.NEGATIVE_INFINITY
  const hasRun = (id: string): boolean => id <= run
  const hasEvent: Expiry['hasEvent'] = ({ columns: { runId, timestamp } }) =>
    runId === null ? timestamp < time : hasRun(runId)
  return { hasEvent, hasResult: hasEvent, hasRun }
}
