import { hash } from 'node:crypto'
import type { Event } from '../event-types.ts'
import { durationOf, microsecondsOf } from './columns.ts'
import { timeOfRunId } from './run-id.ts'
import type { RunState } from './run-state.ts'
import type { IndexedEvent, Run } from './store.ts'

/** What an event's document is made of. */
export interface EventRow {
  record: number
  received: number
  sender: string
  payload: Buffer
}

/** An event as it was received, and what the server knows about it. */
export function eventDocument(row: EventRow, journalId: string, event = parsed(row.payload)): IndexedEvent {
  return {
    ...event,
    event: {
      ...event.event,
      ingested: timeOf(row.received),
      // Made when it is asked for, of the same bytes: it would be a quarter of the cost of writing.
      hash: hash('sha256', row.payload, 'hex')
    },
    playtrail: { log: journalId, index: row.record, sender: row.sender }
  }
}

/** The document of a run, made with the event that started it and the one that ended it. */
export function runDocument(
  row: RunState<number | string>,
  started: Event | undefined,
  end: Event | undefined
): Run {
  const start = started?.event.start ?? started?.['@timestamp'] ?? timeOfRunId(row.id)
  const ended = end?.event.end ?? end?.['@timestamp']
  return {
    '@timestamp': started?.['@timestamp'] ?? start,
    run: {
      id: row.id,
      status: row.status,
      ...present({
        name: row.name,
        kind: started?.run?.kind ?? end?.run?.kind,
        parent_id: started?.run?.parent_id ?? end?.run?.parent_id,
        reason: end?.run?.reason,
        events: end?.run?.events,
        lost: end?.run?.lost
      })
    },
    event: {
      start,
      ...present({
        end: ended,
        duration:
          (end && durationOf(end)) ??
          (row.status === 'aborted' ? nanosecondsBetween(start, ended) : undefined),
        outcome: end?.event.outcome
      })
    },
    ...present({
      user: started?.user ?? (row.user === null ? undefined : { name: row.user }),
      source: started?.source,
      observer: started?.observer,
      process: started?.process,
      agent: started?.agent,
      labels: started?.labels,
      vcs: started?.vcs,
      ci: started?.ci,
      awx: started?.awx,
      error: end?.error,
      ansible: ansibleOf(started, end)
    }),
    playtrail: {
      events: row.events,
      results: {
        ok: row.ok,
        changed: row.changed,
        failed: row.failed,
        skipped: row.skipped,
        unreachable: row.unreachable
      },
      last_ingested: timeOf(row.last_received),
      ...(row.heard > 0 && { last_heard: timeOf(row.heard) }),
      silences: row.silences
    }
  }
}

function ansibleOf(started: Event | undefined, end: Event | undefined): Run['ansible'] {
  const ansible = present({
    version: started?.ansible?.version,
    playbook: started?.ansible?.playbook,
    cli: started?.ansible?.cli,
    stats: end?.ansible?.stats,
    hosts: end?.ansible?.hosts
  })
  return Object.keys(ansible).length === 0 ? undefined : ansible
}

/** Nobody measured how long an aborted run took: it is the time from its start to its end. */
function nanosecondsBetween(start: string, end: string | undefined): number | undefined {
  const [from, to] = [microsecondsOf(start), microsecondsOf(end)]
  if (from === undefined || to === undefined) return undefined
  const nanoseconds = Math.max(0, to - from) * 1_000
  // Beyond 104 days a double no longer counts them exactly.
  return Number.isSafeInteger(nanoseconds) ? nanoseconds : undefined
}

/** RFC 3339 with microseconds. */
export function timeOf(microseconds: number): string {
  const whole = new Date(Math.floor(microseconds / 1000)).toISOString()
  return `${whole.slice(0, -1)}${String(microseconds % 1000).padStart(3, '0')}Z`
}

/** Without the members that are not there: JSON knows no undefined, and null is not what was sent. */
function present<Members extends object>(
  members: Members
): { [Name in keyof Members]?: NonNullable<Members[Name]> } {
  const there = Object.entries(members).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(there) as { [Name in keyof Members]?: NonNullable<Members[Name]> }
}

export function parsed(payload: Buffer): Event {
  return JSON.parse(payload.toString())
}
