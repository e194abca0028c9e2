import type { Event } from '../event-types.ts'
import type { JournalRecord } from '../journal/record.ts'
import { type ResultStatus, resultStatuses } from './store.ts'

/** What the index finds an event by. */
export interface EventColumns {
  /** Microseconds since 1970. */
  timestamp: number
  action: string | null
  runId: string | null
  /** `run.name`. */
  playbook: string | null
  path: string | null
  host: string | null
  user: string | null
  status: string | null
  /** `ansible.task.key`. */
  task: string | null
  /** Nanoseconds. */
  duration: number | null
  /** Of a host's result: the task was only checked (`ansible.task.check_mode`), nothing was to be changed. */
  isChecked: boolean
  /** Of a host's result: it succeeded, and only after more than one attempt. */
  isFlaky: boolean
  /** Set where the server says that a run fell silent: when the run was heard last, in microseconds since 1970. */
  heardUntil: number | undefined
  /** Set for a host's result. */
  result: ResultColumns | undefined
}

/** A terminal result: what identifies it within its run, apart from the host, and how it ended. */
export interface ResultColumns {
  playId: string
  batch: number
  taskId: string
  occurrence: number
  sequence: number
  status: ResultStatus
}

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?Z$/
const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * The columns of a record's event, or why it can never have any. The event was validated when it was
 * received; this only rules out what the index could not hold, whoever wrote the journal.
 */
export function columnsOf(
  record: Pick<JournalRecord, 'payload'>,
  event = parseEvent(record.payload)
): EventColumns | string {
  if (event === undefined) return 'its bytes are not a JSON object'
  const timestamp = microsecondsOf(event['@timestamp'])
  if (timestamp === undefined) return 'its @timestamp is not a time in UTC'
  const { run, host, user, ansible } = event
  const runId = text(run?.id)
  if (runId !== null && !RUN_ID.test(runId)) return 'its run.id is not a UUIDv7'
  const action = text(event.event?.action)
  const isResult = action === 'host.result'
  return {
    timestamp,
    action,
    runId,
    playbook: text(run?.name),
    path: text(ansible?.playbook?.path),
    host: text(host?.name),
    user: text(user?.name),
    status: text(ansible?.result?.status) ?? text(run?.status),
    task: text(ansible?.task?.key),
    duration: durationOf(event),
    isChecked: isResult && ansible?.task?.check_mode === true,
    isFlaky: isResult && hasRecovered(ansible?.result),
    heardUntil: isSilence(event) ? (microsecondsOf(event.event?.end) ?? 0) : undefined,
    result: isResult ? resultOf(event) : undefined
  }
}

/** Microseconds since 1970 of a time as the schema wants it; finer digits are left out. */
export function microsecondsOf(time: unknown): number | undefined {
  const match = typeof time === 'string' ? TIMESTAMP.exec(time) : null
  if (match === null) return undefined
  const milliseconds = Date.parse(match[0])
  if (Number.isNaN(milliseconds)) return undefined
  return milliseconds * 1000 + Number((match[1] ?? '').padEnd(6, '0').slice(3, 6))
}

/** The event that the bytes are, or undefined if they are no JSON object. */
export function parseEvent(payload: Buffer): Partial<Event> | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    // Not JSON: the caller refuses it, naming the record.
    return undefined
  }
}

/** Nanoseconds, or null where nothing was measured. */
export function durationOf({ event }: { event?: { duration?: unknown } }): number | null {
  const duration = event?.duration
  return Number.isSafeInteger(duration) && Number(duration) >= 0 ? Number(duration) : null
}

/** Of its own life the server is the sender as any other is of a run. */
function isSilence({ event }: Partial<Event>): boolean {
  return event?.provider === 'server' && event.dataset !== 'playtrail.service'
}

function hasRecovered(result: NonNullable<Event['ansible']>['result']): boolean {
  return (result?.status === 'ok' || result?.status === 'changed') && count(result.attempts) > 1
}

function resultOf({ event, host, ansible }: Partial<Event>): ResultColumns | undefined {
  const status = resultStatuses.find((known) => known === ansible?.result?.status)
  const taskId = text(ansible?.task?.id)
  if (status === undefined || taskId === null || text(host?.name) === null) return undefined
  return {
    playId: text(ansible?.play?.id) ?? '',
    batch: count(ansible?.play?.batch),
    taskId,
    occurrence: count(ansible?.task?.occurrence),
    sequence: count(event?.sequence),
    status
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? Number(value) : 0
}
