import type { Event } from '../event-types.ts'
import { limits } from '../limits.ts'
import { durationOf, microsecondsOf } from './columns.ts'
import { IGNORED, type Outline, RESCUED } from './outline.ts'
import { outlineOf } from './outline-parts.ts'
import { resultStatuses } from './store.ts'

type Ansible = NonNullable<Event['ansible']>
export type Play = NonNullable<Ansible['play']>
export type Task = NonNullable<Ansible['task']>

/** As much of an event as an outline is made of. A result may leave out what its task and play are called. */
export interface OutlineEvent {
  '@timestamp': string
  event: Pick<Event['event'], 'action' | 'sequence' | 'duration'>
  host?: { name: string } | undefined
  ansible?:
    | {
        play?: Play
        task?: Partial<Task>
        result?: Pick<NonNullable<Ansible['result']>, 'status' | 'ignored' | 'rescued'>
        stats?: NonNullable<Ansible['stats']>
      }
    | undefined
}

/** Who of several events is believed about a name: the one that starts the thing, then the one that came first. */
interface Told<Of> {
  of: Of
  isStart: boolean
  sequence: number
}

export interface PlayFold {
  id: string
  batch: number
  told: Told<Play> | undefined
  /** The least number of an event about the play itself. */
  sequence: number
  startedAt: number
  isEmpty: boolean
}

export interface TaskFold {
  play: PlayFold
  id: string
  occurrence: number
  /** Tells tasks of the same sequence apart, which no honest sender writes. */
  identity: string
  told: Told<Task> | undefined
  sequence: number
  startedAt: number
  /** By the host's place in the order of arrival. */
  cells: Map<number, CellFold>
}

export interface CellFold {
  sequence: number
  /** Microseconds since 1970. */
  endedAt: number
  duration: number
  status: number
  flags: number
}

export interface HostFold {
  name: string
  stats: { sequence: number; of: NonNullable<Ansible['stats']> } | undefined
}

export interface Fold {
  plays: Map<string, PlayFold>
  tasks: Map<string, TaskFold>
  hosts: HostFold[]
}

/** Each time that a task was started: half of a result's identity, the host being the other. */
export interface TaskPlace {
  playId: string
  batch: number
  taskId: string
  occurrence: number
}

export interface OutlineFold {
  /** Adds an event. The order of events makes no difference, nor does it if one comes again. */
  add(event: OutlineEvent): void
  /** For a store that has results at hand without reading their events: a task, to add results of it. */
  task(place: TaskPlace): TaskFold
  addResult(task: TaskFold, host: string, result: CellFold): void
  /** There are more results, or more plays, tasks and hosts, than an outline holds: what is added from now on is in vain. */
  readonly isTooLarge: boolean
  outline(): Outline
}

/** Puts the events of one run together. What was lost is told as far as other events tell it. */
export function openOutlineFold(): OutlineFold {
  const fold: Fold = { plays: new Map(), tasks: new Map(), hosts: [] }
  const hostPlaces = new Map<string, number>()
  let cells = 0

  function placeOf(name: string): number {
    const known = hostPlaces.get(name)
    if (known !== undefined) return known
    hostPlaces.set(name, fold.hosts.length)
    return fold.hosts.push({ name, stats: undefined }) - 1
  }

  function addToPlay(event: OutlineEvent, play: Play, time: number): void {
    const { action, sequence = 0 } = event.event
    const known = playOf(fold, play.id, play.batch ?? 0)
    known.sequence = Math.min(known.sequence, sequence)
    if (action === 'play.no_hosts') known.isEmpty = true
    else known.startedAt = Math.min(known.startedAt, time)
    known.told = better(known.told, play, action === 'play.started', sequence)
    for (const name of play.hosts ?? []) placeOf(name)
  }

  function addResult(task: TaskFold, host: string, cell: CellFold): void {
    const place = placeOf(host)
    const other = task.cells.get(place)
    if (other === undefined) cells++
    if (other === undefined || isLater(cell, other)) task.cells.set(place, cell)
  }

  function addToTask(event: OutlineEvent, play: Play, time: number): void {
    const { action, sequence = 0 } = event.event
    const { task } = event.ansible ?? {}
    const isStart = action === 'task.started'
    const cell = isStart ? undefined : cellOf(event, time)
    if (task?.id === undefined || !(isStart || cell)) return
    const { id: playId, batch = 0 } = play
    const known = taskOf(fold, { playId, batch, taskId: task.id, occurrence: task.occurrence ?? 0 })
    if (isStart) {
      known.sequence = Math.min(known.sequence, sequence)
      known.startedAt = Math.min(known.startedAt, time)
    }
    if (cell !== undefined) addResult(known, event.host?.name ?? '', cell)
    if (isNamed(task)) known.told = better(known.told, task, isStart, sequence)
  }

  function addRecap({ event, host, ansible }: OutlineEvent): void {
    const { sequence = 0 } = event
    const known = host && fold.hosts[placeOf(host.name)]
    if (known === undefined || ansible?.stats === undefined) return
    if (sequence >= (known.stats?.sequence ?? 0)) known.stats = { sequence, of: ansible.stats }
  }

  return {
    get isTooLarge() {
      const parts = fold.plays.size + fold.tasks.size + fold.hosts.length
      return Math.max(cells, parts) > limits.outlineResultsMax
    },
    add(event) {
      const time = microsecondsOf(event['@timestamp'])
      if (time === undefined) return
      const { play = { id: '' } } = event.ansible ?? {}
      switch (event.event.action) {
        case 'play.started':
        case 'play.no_hosts':
          return addToPlay(event, play, time)
        case 'task.started':
        case 'host.result':
          return addToTask(event, play, time)
        case 'host.finished':
          return addRecap(event)
      }
    },
    task: (place) => taskOf(fold, place),
    addResult,
    outline: () => outlineOf(fold)
  }
}

function cellOf({ event, host, ansible }: OutlineEvent, time: number): CellFold | undefined {
  const { status } = ansible?.result ?? {}
  if (host === undefined || status === undefined) return undefined
  const { sequence = 0 } = event
  return {
    sequence,
    endedAt: time,
    duration: durationOf({ event }) ?? Number.NaN,
    status: resultStatuses.indexOf(status),
    flags: flagsOf(ansible)
  }
}

/** Only what failed or was unreachable can be ignored or rescued. */
export function flagsOf(ansible: OutlineEvent['ansible']): number {
  const { status, ignored, rescued } = ansible?.result ?? {}
  if (status !== 'failed' && status !== 'unreachable') return 0
  return (ignored ? IGNORED : 0) + (rescued ? RESCUED : 0)
}

function isNamed(task: Partial<Task>): task is Task {
  return task.id !== undefined && task.name !== undefined
}

function playOf(fold: Fold, id: string, batch: number): PlayFold {
  const identity = `${batch} ${id}`
  const known = fold.plays.get(identity)
  if (known !== undefined) return known
  const none = Number.POSITIVE_INFINITY
  const play: PlayFold = { id, batch, told: undefined, sequence: none, startedAt: none, isEmpty: false }
  fold.plays.set(identity, play)
  return play
}

function taskOf(fold: Fold, { playId, batch, taskId: id, occurrence }: TaskPlace): TaskFold {
  const identity = `${batch} ${occurrence} ${playId.length} ${playId}${id}`
  const known = fold.tasks.get(identity)
  if (known !== undefined) return known
  const none = Number.POSITIVE_INFINITY
  const play = playOf(fold, playId, batch)
  const made = { play, id, occurrence, identity, told: undefined, sequence: none, startedAt: none }
  const task: TaskFold = { ...made, cells: new Map() }
  fold.tasks.set(identity, task)
  return task
}

function better<Of>(known: Told<Of> | undefined, of: Of, isStart: boolean, sequence: number): Told<Of> {
  if (known === undefined) return { of, isStart, sequence }
  if (known.isStart !== isStart) return isStart ? { of, isStart, sequence } : known
  if (sequence !== known.sequence) return sequence < known.sequence ? { of, isStart, sequence } : known
  // The same event again, unless a sender gave two of them one number.
  return JSON.stringify(of) < JSON.stringify(known.of) ? { of, isStart, sequence } : known
}

/** Of two results of a task on a host the greater sequence counts; equal ones are the same event, or no honest sender's. */
function isLater(one: CellFold, other: CellFold): boolean {
  if (one.sequence !== other.sequence) return one.sequence > other.sequence
  const content = ({ endedAt, duration, status, flags }: CellFold) =>
    JSON.stringify([endedAt, duration, status, flags])
  return content(one) < content(other)
}
