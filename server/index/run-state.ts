import type { EventColumns } from './columns.ts'
import { type ResultStatus, type RunStatus, runStatuses } from './store.ts'

/**
 * What the events of a run say together. `Place` says where in the journals an event stands; of two places the
 * lesser one came first. `started`, `finished` and `aborted` are the places of the sender's events, `silenced`
 * that of the server's that closed the run last, `silences` how many of those there are. `heard` is when the
 * sender's newest event was received, `heard_until` the latest such time that the server has closed the run
 * for; microseconds since 1970, 0 for none.
 */
export interface RunState<Place extends number | string> extends Record<ResultStatus, number> {
  id: string
  status: RunStatus
  name: string | null
  path: string | null
  user: string | null
  started: Place | null
  finished: Place | null
  aborted: Place | null
  silenced: Place | null
  events: number
  silences: number
  last_received: number
  heard: number
  heard_until: number
}

export function emptyRun<Place extends number | string>(id: string): RunState<Place> {
  return {
    id,
    status: 'running',
    ...{ name: null, path: null, user: null },
    ...{ started: null, finished: null, aborted: null, silenced: null },
    ...{ events: 0, silences: 0, ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 },
    ...{ last_received: 0, heard: 0, heard_until: 0 }
  }
}

/**
 * Adds a new event to its run. The order of the events makes no difference: counts add up, times are the
 * greatest, and of several events that say the same thing, which no honest sender writes, the first in the
 * journal is believed. Counts of results are not made here, since a result can replace another.
 */
export function addEvent<Place extends number | string>(
  run: RunState<Place>,
  event: EventColumns,
  place: Place,
  received: number
): void {
  run.events++
  run.last_received = Math.max(run.last_received, received)
  if (event.heardUntil === undefined) addFromSender(run, event, place, received)
  else addSilence(run, event.heardUntil, place)
  run.status = statusOf(run)
  // Every event repeats these two, so a run can be found by them although its start has not arrived.
  if (run.started === null) {
    run.name = lesser(run.name, event.playbook)
    run.user = lesser(run.user, event.user)
  }
}

/** The place of the event that says how the run ended, or null while it goes on. */
export function endOf<Place extends number | string>(run: RunState<Place>): Place | null {
  return run.finished ?? run.aborted ?? (run.status === 'aborted' ? run.silenced : null)
}

function addFromSender<Place extends number | string>(
  run: RunState<Place>,
  event: EventColumns,
  place: Place,
  received: number
): void {
  run.heard = Math.max(run.heard, received)
  if (event.action === 'run.started' && comesFirst(place, run.started)) {
    run.started = place
    run.name = event.playbook
    run.path = event.path
    run.user = event.user
  } else if (event.action === 'run.finished' && comesFirst(place, run.finished)) {
    run.finished = place
    run.status = runStatuses.find((known) => known === event.status) ?? 'success'
  } else if (event.action === 'run.aborted' && comesFirst(place, run.aborted)) {
    run.aborted = place
  }
}

/** The server says that nothing was heard of the run after `until`. */
function addSilence<Place extends number | string>(run: RunState<Place>, until: number, place: Place): void {
  run.silences++
  const isLatest = until > run.heard_until || (until === run.heard_until && comesFirst(place, run.silenced))
  if (!isLatest) return
  run.silenced = place
  run.heard_until = until
}

/** What its own sender says of a run's end is the stronger; a run that was heard of since is not silent. */
function statusOf<Place extends number | string>(run: RunState<Place>): RunStatus {
  if (run.finished !== null) return run.status
  if (run.aborted !== null || (run.silenced !== null && run.heard_until >= run.heard)) return 'aborted'
  return 'running'
}

function comesFirst<Place extends number | string>(place: Place, other: Place | null): boolean {
  return other === null || place < other
}

function lesser(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other
  return one < other ? one : other
}
