import type { Event } from '../../event-types.ts'
import { scopedId } from '../../journal/known-ids.ts'
import type { EventColumns } from '../columns.ts'
import { runDocument } from '../documents.ts'
import { timeOfRunId } from '../run-id.ts'
import { addEvent, emptyRun, endOf, type RunState } from '../run-state.ts'
import type { Run } from '../store.ts'
import { durationRange } from './duration-range.ts'
import { addNumber, type Ranges } from './ranges.ts'
import { addPlace, type Stretches } from './stretches.ts'

/** What one event says of its run. */
export interface RunChange {
  runId: string
  eventId: string
  /** The journal that the event came through, and its place: of two places the lesser one came first. */
  log: string
  place: string
  /** Microseconds since 1970. */
  received: number
  columns: EventColumns
  /** The event itself, if it says how the run began or ended. */
  event: Event | undefined
}

/**
 * What is remembered of a run, so that its events may come in any order, again, and through any server: which
 * of them were counted, and the few that tell how it began and ended.
 */
export interface RunFold {
  state: RunState<string>
  /** Sequences that were counted, by the count they belong to. */
  counted: Record<string, Ranges>
  /**
   * Where those stand in their journals. Null where there were too many stretches; absent in a document that an older
   * Playtrail began, and it lacks what an older one wrote since.
   */
  stretches?: Stretches | null
  /** The events that `state` names, by their places. */
  told: Record<string, Event>
  /** Hosts with a result in this run. */
  hosts: string[]
  /** The journal that heard of the run last. */
  heard_by: string
}

/** A run as its document in the index. */
export interface RunSource extends Omit<Run, 'playtrail'> {
  host?: { name: string[] }
  playtrail: Omit<Run['playtrail'], 'results'> & {
    /** The time within `run.id`, milliseconds since 1970. */
    started: number
    /** The range of `event.duration`: server/index/durations.ts. */
    duration_range?: number
    heard: number
    heard_by: string
    fold: RunFold
  }
}

/** Where an event stands among all events of all journals: by when it was received. */
export function placeOf(received: number, log: string, record: number): string {
  return `${String(received).padStart(16, '0')} ${log} ${String(record).padStart(16, '0')}`
}

function recordOf(place: string): number {
  return Number(place.slice(place.lastIndexOf(' ') + 1))
}

export function emptyFold(runId: string): RunFold {
  return { state: emptyRun<string>(runId), counted: {}, stretches: {}, told: {}, hosts: [], heard_by: '' }
}

/** Adds the changes that `fold` does not have yet, in place. Returns whether there were any. */
export function addChanges(fold: RunFold, changes: readonly RunChange[]): boolean {
  const hosts = new Set(fold.hosts)
  let isChanged = false
  for (const change of changes) {
    if (!count(fold, change)) continue
    isChanged = true
    const { columns, place, received, event } = change
    if (isHeardLater(fold, change)) fold.heard_by = change.log
    addEvent(fold.state, columns, place, received)
    if (event !== undefined) fold.told[place] = event
    if (columns.result !== undefined && columns.host !== null) hosts.add(columns.host)
  }
  if (!isChanged) return false
  fold.hosts = [...hosts].sort()
  const { started, finished, aborted, silenced } = fold.state
  for (const place of Object.keys(fold.told)) {
    if (![started, finished, aborted, silenced].includes(place)) delete fold.told[place]
  }
  return true
}

export function sourceOf(fold: RunFold): RunSource {
  const { state, hosts, heard_by } = fold
  const run = runOf(fold)
  const { results: _results, ...playtrail } = run.playtrail
  const started = Date.parse(timeOfRunId(state.id))
  const range = durationRange(run)
  return {
    ...run,
    ...(hosts.length > 0 && { host: { name: hosts } }),
    playtrail: { ...playtrail, started, ...range, heard: state.heard, heard_by, fold }
  }
}

/** The run as it is answered; its results are counted elsewhere. */
export function runOf({ state, told }: RunFold): Run {
  const eventAt = (place: string | null): Event | undefined => (place === null ? undefined : told[place])
  return runDocument(state, eventAt(state.started), eventAt(endOf(state)))
}

function count(fold: RunFold, { runId, eventId, log, place }: RunChange): boolean {
  const { scope, sequence } = scopedId(eventId)
  const name = scope.startsWith(runId) ? scope.slice(runId.length) : scope
  const ranges = fold.counted[name] ?? []
  fold.counted[name] = ranges
  if (!addNumber(ranges, sequence)) return false
  const of = { count: name, log, number: sequence, record: recordOf(place) }
  if (fold.stretches && !addPlace(fold.stretches, of)) fold.stretches = null
  return true
}

function isHeardLater({ state, heard_by }: RunFold, { columns, received, log }: RunChange): boolean {
  if (columns.heardUntil !== undefined) return false
  return received > state.heard || (received === state.heard && (heard_by === '' || log < heard_by))
}
