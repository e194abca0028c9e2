import type { Event } from '../../server/event-types.ts'
import { encodeRecord, type JournalBatch, recordBytes, SALT_BYTES } from '../../server/journal/record.ts'

export const JOURNAL_ID = '6f1c2a34-5b1e-4d5c-9a6b-0c1d2e3f4a5b'
/** When the server received the first record; each next one comes a millisecond and a microsecond later. */
export const RECEIVED_AT = Date.UTC(2026, 10, 5, 12) * 1000
const SENDER = 'control-1'

/** A run's id, a UUIDv7: when the run started, and which of several at that time it is. */
export function runId(startMs: number, which = 0): string {
  const time = startMs.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${which.toString(16).padStart(12, '0')}`
}

/** The time of a record as events have it. */
export function receivedTime(index: number): string {
  const time = receivedAt(index)
  return `${new Date(Math.floor(time / 1000)).toISOString().slice(0, -1)}${String(time % 1000).padStart(3, '0')}Z`
}

export function receivedAt(index: number): number {
  return RECEIVED_AT + index * 1001
}

/** A batch of the events that the journal has from `first` on. What is not an object is taken as bytes. */
export function batchOf(events: readonly (Event | string)[], first = 0): JournalBatch {
  const parts = events.map((event) => ({
    eventId: typeof event === 'string' ? `no-event-${event.length}` : event.event.id,
    payload: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event))
  }))
  const sizes = parts.map(({ eventId, payload }) =>
    recordBytes(SENDER.length, eventId.length, payload.length)
  )
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  const target = Buffer.from(bytes.buffer)
  let offset = 0
  parts.forEach(({ eventId, payload }, at) => {
    const index = first + at
    const salt = Buffer.alloc(SALT_BYTES, index)
    const record = {
      index,
      synced: first,
      receivedAt: receivedAt(index),
      sender: SENDER,
      eventId,
      salt,
      payload
    }
    offset = encodeRecord(target, offset, record)
  })
  return { journalId: JOURNAL_ID, first, next: first + events.length, bytes }
}

type Action = Event['event']['action']

/** Events of one run, in the order in which they are asked for. */
export interface RunOfEvents {
  readonly id: string
  /** The next event of the run, `more` laid over it; an extra second of the clock for each. */
  next(action: Action, more?: Partial<Event>): Event
  started(more?: Partial<Event>): Event
  result(host: string, status: 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable', task?: string): Event
  finished(status: 'success' | 'changed' | 'failed' | 'unreachable'): Event
  aborted(more?: Partial<Event>): Event
  /** What the server says when nothing was heard of the run after the record `heardUntil` was received. */
  fellSilent(heardUntil: number): Event
}

export function runOfEvents(
  startMs: number,
  { which = 0, name = 'site.yml', user = 'alice' } = {}
): RunOfEvents {
  const id = runId(startMs, which)
  let sequence = 0
  let silences = 0

  function next(action: Action, more: Partial<Event> = {}): Event {
    const time = new Date(startMs + sequence * 1000).toISOString()
    const event = { id: `${id}:${sequence}`, sequence, action, dataset: 'ansible.run' as const }
    sequence++
    return {
      '@timestamp': time,
      user: { name: user },
      ...more,
      event: { ...event, ...more.event },
      run: { id, name, ...more.run }
    }
  }

  return {
    id,
    next,
    started: (more) =>
      next('run.started', {
        run: { id, kind: 'playbook', name, status: 'running' },
        user: { name: user, origin: 'loginuid' },
        observer: { hostname: 'control-1' },
        ansible: { version: '2.21.5', playbook: { name, path: `/srv/ansible/${name}` } },
        ...more
      }),
    result: (host, status, task = 'install') =>
      next('host.result', {
        host: { name: host },
        ansible: { play: { id: 'play' }, task: { id: task, name: task, occurrence: 1 }, result: { status } }
      }),
    finished: (status) => next('run.finished', { run: { id, kind: 'playbook', name, status } }),
    aborted: (more) =>
      next('run.aborted', { run: { id, name, status: 'aborted', reason: 'killed' }, ...more }),
    fellSilent: (heardUntil) => {
      const sequence = silences++
      return {
        '@timestamp': receivedTime(heardUntil + 1),
        event: {
          id: `${id}:v${sequence}`,
          sequence,
          action: 'run.aborted',
          dataset: 'ansible.run',
          provider: 'server',
          end: receivedTime(heardUntil)
        },
        run: { id, name, status: 'aborted', reason: 'silent' },
        user: { name: user }
      }
    }
  }
}
