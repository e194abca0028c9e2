import type { JournalRecord } from '../../journal/record.ts'
import type { EventColumns } from '../columns.ts'
import type { Keys } from './keys.ts'
import { CHECKED, FLAKY } from './tables.ts'

/** What an event is found by and counted by, as the columns of `events` have it: with keys instead of names. */
export interface KeyedEvent {
  run: number | null
  timestamp: number
  action: number | null
  playbook: number | null
  host: number | null
  user: number | null
  status: string | null
  task: number | null
  duration: number | null
  flags: number
}

export const KEYED_EVENT = 'run, timestamp, action, playbook, host, user, status, task, duration, flags'

/** The values are those of `eventValues`. */
export const INSERT_EVENT = `INSERT INTO events (record, id, ${KEYED_EVENT}, received, sender, payload)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export function keyedEvent(columns: EventColumns, run: number | null, keys: Keys): KeyedEvent {
  return {
    run,
    timestamp: columns.timestamp,
    action: keys.name(columns.action),
    playbook: keys.name(columns.playbook),
    host: keys.name(columns.host),
    user: keys.name(columns.user),
    status: columns.status,
    task: keys.name(columns.task),
    duration: columns.duration,
    flags: flagsOf(columns)
  }
}

export function flagsOf({ isChecked, isFlaky }: EventColumns): number {
  return (isChecked ? CHECKED : 0) | (isFlaky ? FLAKY : 0)
}

export function eventValues(record: JournalRecord, row: KeyedEvent): (number | string | null | Buffer)[] {
  const { run, timestamp, action, playbook, host, user, status, task, duration, flags } = row
  return [
    ...[record.index, record.eventId, run, timestamp, action, playbook, host, user, status],
    ...[task, duration, flags, record.receivedAt, record.sender, record.payload]
  ]
}
