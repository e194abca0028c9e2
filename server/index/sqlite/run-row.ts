import { type ResultStatus, type RunStatus, runStatuses } from '../store.ts'
import type { EventColumns } from './columns.ts'

/** A row of `runs`: what the events of a run say together. */
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
  events: number
  last_received: number
}

export function emptyRun(key: number, id: string): RunRow {
  const named = { name: null, path: null, user: null }
  const told = { started: null, finished: null, aborted: null }
  const counted = { events: 0, last_received: 0, ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 }
  return { key, id, status: 'running', ...named, ...told, ...counted }
}

/**
 * Adds a new event to its run. The order of the events makes no difference: counts add up, and of several
 * events that say the same thing, which no honest sender writes, the first in the journal is believed.
 * Counts of results are not made here, since a result can replace another: see results.ts.
 */
export function addEvent(run: RunRow, event: EventColumns, record: number, received: number): void {
  run.events++
  run.last_received = Math.max(run.last_received, received)
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
    if (run.finished === null) run.status = 'aborted'
  }
  // Every event repeats these two, so a run can be found by them although its start has not arrived.
  if (run.started === null) {
    run.name = lesser(run.name, event.playbook)
    run.user = lesser(run.user, event.user)
  }
}

function comesFirst(record: number, other: number | null): boolean {
  return other === null || record < other
}

function lesser(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other
  return one < other ? one : other
}
