import { parseEvent } from '../../columns.ts'
import type { ResultStatus } from '../../store.ts'
import type { EventFilter, LastSeen } from '../../summaries.ts'
import { whereColumns, whereMatching } from '../event-source.ts'
import { select } from '../selection.ts'
import { CHECKED, HOST_RESULT } from '../tables.ts'
import type { Index } from './counted.ts'

/** The event of a result that came last, as far as it is told. */
export interface LastResult {
  record: number
  seen: LastSeen
}

interface Wanted {
  /** Whose results: those of a host or of a task. */
  of: 'host' | 'task'
  statuses: readonly ResultStatus[]
  /** Without those that were only checked. */
  isDone?: boolean
}

type Row = [record: number, head: Buffer, run: string | null, name: string | null, user: string | null]

/** An event begins with its time, unless somebody else than our sender wrote it. */
const TIME_FIRST = /^\{"@timestamp":"([^"\\]+)"/
const HEAD_BYTES = 64

/**
 * Finds the results that came last: the roll-ups say when that was, and this looks up which event it is. Of several
 * at the same time it is the last one in the journal.
 */
export function lastResults(
  { db, journalId, wanted }: Index,
  filter: EventFilter,
  { of, statuses, isDone = false }: Wanted
): (key: number, time: number | null) => LastResult | undefined {
  const found = select(db)
  if (!whereColumns(db, found, { ...filter, status: undefined })) return () => undefined
  found.equal('e.action', HOST_RESULT)
  found.where(`e.status IN (${statuses.map((status) => `'${status}'`).join(', ')})`)
  if (isDone) found.where(`e.flags & ${CHECKED} = 0`)
  // Whose results and when is said below, of which there are few: the words of the query need not be looked up.
  whereMatching(found, filter.matching, journalId)
  const name = (key: string): string => `(SELECT name FROM names WHERE key = e.${key})`
  const ask = found.asking<Row>(
    `e.record, substr(e.payload, 1, ${HEAD_BYTES}), (SELECT id FROM runs WHERE key = e.run),
       ${name('playbook')}, ${name('user')} FROM events e INDEXED BY events_by_${of}`,
    `AND e.${of} = ? AND e.timestamp = ? ORDER BY e.record DESC LIMIT 1`
  )
  const payload = db.prepare<[number], Buffer>('SELECT payload FROM events WHERE record = ?').pluck()
  return (key, time) => {
    wanted.check()
    const [row] = time === null ? [] : ask(key, time)
    if (row === undefined) return undefined
    const [record, head, run, playbook, user] = row
    const written = TIME_FIRST.exec(head.toString())?.[1]
    const timestamp = written ?? parseEvent(payload.get(record) ?? Buffer.alloc(0))?.['@timestamp'] ?? ''
    return {
      record,
      seen: {
        '@timestamp': timestamp,
        ...(run !== null && { run: { id: run, ...(playbook !== null && { name: playbook }) } }),
        ...(user !== null && { user: { name: user } })
      }
    }
  }
}

/** The latest of some times. */
export function latestOf(times: readonly (number | null)[]): number | null {
  return times.reduce((one, other) => (one === null || (other !== null && other > one) ? other : one), null)
}
