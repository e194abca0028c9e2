import { type ResultStatus, type RunStatus, runStatuses } from '../store.ts'
import type { EventColumns } from './columns.ts'

/** A row of `runs`: what the events of a run say together. schema.ts says what each column holds. */
export interface RunRow extends Record<ResultStatus, number> {
  key: number
  id: string
  status: RunStatus
  name: string | null
  path: string | null
  user: string | null
  started: number | null
  finished: number | null
  aborted: number | null
  silenced: number | null
  events: number
  silences: number
  last_received: number
  heard: number
  heard_until: number
}

export function emptyRun(key: number, id: string): RunRow {
  const named = { name: null, path: null, user: null }
  const told = { started: null, finished: null, aborted: null, silenced: null }
  const counted = { events: 0, silences: 0, ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
  return {
    key,
    id,
    status: 'running',
    ...named,
    ...told,
    ...counted,
    last_received: 0,
    heard: 0,
    heard_until: 0
  }
}

/**
 * Adds a new event to its run. The order of the events makes no difference: counts add up, times are the
 * greatest, and of several events that say the same thing, which no honest sender writes, the first in the
 * journal is believed. Counts of results are not made here, since a result can replace another: see writer.ts.
 */
export function addEvent(run: RunRow, event: EventColumns, record: number, received: number): void {
  run.events++
  run.last_received = Math.max(run.last_received, received)
  if (event.heardUntil === undefined) addFromSender(run, event, record, received)
  else addSilence(run, event.heardUntil, record)
  run.status = statusOf(run)
  // Every event repeats these two, so a run can be found by them although its start has not arrived.
  if (run.started === null) {
    run.name = lesser(run.name, event.playbook)
    run.user = lesser(run.user, event.user)
  }
}

function addFromSender(run: RunRow, event: EventColumns, record: number, received: number): void {
  run.heard = Math.max(run.heard, received)
  if (event.action === 'run.started' && comesFirst(record, run.started)) {
    run.started = record
    run.name = event.playbook
    run.path = event.path
    run.user = event.user
  } else if (event.action === 'run.finished' && comesFirst(record, run.finished)) {
    run.finished = record
    run.status = runStatuses.find((known) => known === event.status) ?? 'success'
  } else if (event.action === 'run.aborted' && comesFirst(record, run.aborted)) {
    run.aborted = record
  }
}

/** The server says that nothing was heard of the run after `until`. */
function addSilence(run: RunRow, until: number, record: number): void {
  run.silences++
  const isLatest = until > run.heard_until || (until === run.heard_until && comesFirst(record, run.silenced))
  if (!isLatest) return
  run.silenced = record
  run.heard_until = until
}

/** What its own sender says of a run's end is the stronger; a run that was heard of since is not silent. */
function statusOf({ status, finished, aborted, silenced, heard, heard_until }: RunRow): RunStatus {
  if (finished !== null) return status
  if (aborted !== null || (silenced !== null && heard_until >= heard)) return 'aborted'
  return 'running'
}

function comesFirst(record: number, other: number | null): boolean {
  return other === null || record < other
}

function lesser(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other
  return one < other ? one : other
}
