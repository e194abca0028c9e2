import { Problem } from '../errors.ts'
import type { Event } from '../event-types.ts'
import { limits } from '../limits.ts'
import { type ResultStatus, resultStatuses } from './store.ts'

type Ansible = NonNullable<Event['ansible']>
type Play = NonNullable<Ansible['play']>
type Task = NonNullable<Ansible['task']>

/**
 * A run as its playbook tells it: plays, the tasks under them as often as they were started, and how each ended
 * on each host. Made by outline-fold.ts.
 */
export interface Outline {
  /** In the order in which they began; a play with `serial` stands here once for each batch. */
  plays: OutlinePlay[]
  /** In the order in which they were started. Cells name a task by its place in this list. */
  tasks: OutlineTask[]
  /** By name. Cells name a host by its place in this list. */
  hosts: OutlineHost[]
  cells: OutlineCells
}

/** Times as the sender's clock has them. A part that has not ended yet, or of which no result is here, has no end. */
interface Lasted {
  /** `duration` in nanoseconds. */
  event: { start?: string; end?: string; duration?: number }
}

export interface OutlinePlay extends Lasted {
  ansible: { play: Omit<Play, 'hosts'> }
  /** No host matched its pattern. */
  no_hosts?: true
  /** Number of the first event of it that is here: its place in the run. */
  sequence: number
  tasks: number
  /** Hosts with a result in it. */
  hosts: number
  results: Record<ResultStatus, number>
}

export interface OutlineTask extends Lasted {
  ansible: { play: Pick<Play, 'id' | 'batch' | 'name'>; task: Task }
  sequence: number
  /** Results of it; of a task on a host the last one counts. */
  results: Record<ResultStatus, number>
  /** Results that failed or were unreachable, and were ignored. */
  ignored: number
  /** Results that failed, and that a `rescue` took care of. */
  rescued: number
}

export interface OutlineHost extends Lasted {
  host: { name: string }
  /**
   * The worst of its results: `failed` and `unreachable` count unless they were ignored or rescued. Absent if the
   * run never came to a result on it, although a play was to.
   */
  status?: ResultStatus
  results: Record<ResultStatus, number>
  ignored: number
  rescued: number
  /** Ansible's own recap of it, once there is one. */
  ansible?: { stats: NonNullable<Ansible['stats']> }
}

/** Results, by host and then by task: the same place in each list belongs to one result. */
export interface OutlineCells {
  host: Uint32Array
  task: Uint32Array
  /** Places in `resultStatuses`. */
  status: Uint8Array
  /** 1: ignored, 2: rescued. */
  flags: Uint8Array
  /** `event.sequence` of the event that has all of it. */
  sequence: Float64Array
  /** Nanoseconds, or NaN where it was not measured. */
  duration: Float64Array
}

export const IGNORED = 1
export const RESCUED = 2

/** What an outline is made of. Other events say nothing that it tells. */
export const outlineActions = [
  'play.started',
  'play.no_hosts',
  'task.started',
  'host.result',
  'host.finished'
] as const

/** One result of an outline, taken out of its lists. */
export interface Cell {
  host: number
  task: number
  status: ResultStatus
  ignored?: true
  rescued?: true
  sequence: number
  duration?: number
}

/** The result at a place of the lists, which must be there. */
export function cellAt(cells: OutlineCells, at: number): Cell {
  const flags = cells.flags[at] ?? 0
  const duration = cells.duration[at] ?? Number.NaN
  const status = resultStatuses[cells.status[at] ?? -1]
  if (status === undefined) throw new Error(`outline: there is no cell ${at}`)
  return {
    host: cells.host[at] ?? 0,
    task: cells.task[at] ?? 0,
    status,
    ...(flags & IGNORED && { ignored: true }),
    ...(flags & RESCUED && { rescued: true }),
    sequence: cells.sequence[at] ?? 0,
    ...(!Number.isNaN(duration) && { duration })
  }
}

/** The results of a host, which is named by its place, in the order of the tasks. */
export function* cellsOfHost(cells: OutlineCells, host: number): Generator<Cell, void> {
  for (let at = firstOf(cells.host, host); cells.host[at] === host; at++) yield cellAt(cells, at)
}

/** The first place in the sorted list whose value is not less than `value`. */
function firstOf(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** How results are told apart where one stands for several: by the worst. */
export const worstFirst: readonly ResultStatus[] = ['failed', 'unreachable', 'changed', 'ok', 'skipped']

/** What a result counts as among others: what was ignored or rescued did no harm to the run. */
export function countedStatus({
  status,
  ignored,
  rescued
}: Pick<Cell, 'status' | 'ignored' | 'rescued'>): ResultStatus {
  return ignored || rescued ? 'ok' : status
}

/** What whoever asks for the outline of too large a run is told. */
export function tooManyResults(runId: string): Problem {
  return new Problem(
    'query_too_costly',
    `The run ${runId} has more than ${limits.outlineResultsMax} results, or plays, tasks and hosts, too many to be put together. GET /v1/runs/${runId}/results pages through any number of them.`
  )
}
