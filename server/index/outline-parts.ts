import { timeOf } from './documents.ts'
import {
  IGNORED,
  type Outline,
  type OutlineCells,
  type OutlineHost,
  type OutlinePlay,
  type OutlineTask,
  RESCUED,
  worstFirst
} from './outline.ts'
import type { CellFold, Fold, HostFold, Play, PlayFold, TaskFold } from './outline-fold.ts'
import { noResults, type ResultStatus, resultStatuses } from './store.ts'

/** The outline that the events of a run came to: parts in their order, counts and times summed up. */
export function outlineOf({ plays, tasks, hosts }: Fold): Outline {
  const hostOrder = hosts
    .map((_, at) => at)
    .sort((one, other) => byText(nameOf(hosts, one), nameOf(hosts, other)))
  const hostPlace = new Uint32Array(hosts.length)
  for (const [place, at] of hostOrder.entries()) hostPlace[at] = place

  const inOrder = [...tasks.values()]
    .map((task) => ({ task, span: spanOf(task) }))
    .sort(
      (one, other) =>
        one.span.sequence - other.span.sequence || byText(one.task.identity, other.task.identity)
    )
  const playSums = new Map([...plays.values()].map((play) => [play, emptyPlaySum(play)]))
  const hostSums = hosts.map(() => emptyHostSum())
  // Of each host in the order of the tasks.
  const rows: Row[][] = hosts.map(() => [])

  const taskParts = inOrder.map(({ task, span }, at) => {
    const sum = playSums.get(task.play)
    if (sum !== undefined) addTask(sum, task, span)
    for (const [host, cell] of task.cells) {
      const place = hostPlace[host] ?? 0
      rows[place]?.push({ host: place, task: at, cell })
      const hostSum = hostSums[host]
      if (hostSum !== undefined) addCell(hostSum, cell)
    }
    return taskPart(task, span)
  })
  return {
    plays: [...playSums.values()]
      .sort((one, other) => one.sequence - other.sequence || one.play.batch - other.play.batch)
      .map(playPart),
    tasks: taskParts,
    hosts: hostOrder.flatMap((at) => hostPart(hosts[at], hostSums[at])),
    cells: cellsOf(rows.flat())
  }
}

interface Row {
  host: number
  task: number
  cell: CellFold
}

/** From when to when, in microseconds; Infinity where nobody says. */
interface Span {
  sequence: number
  start: number
  end: number
}

interface Sum {
  results: Record<ResultStatus, number>
  ignored: number
  rescued: number
}

interface PlaySum extends Span, Sum {
  play: PlayFold
  tasks: number
  hosts: Set<number>
}

interface HostSum extends Span, Sum {
  /** Nanoseconds that its results took. */
  spent: number
  failed: number
  unreachable: number
}

const nowhere = {
  sequence: Number.POSITIVE_INFINITY,
  start: Number.POSITIVE_INFINITY,
  end: Number.NEGATIVE_INFINITY
}
const nothing = () => ({ results: noResults(), ignored: 0, rescued: 0 })

function emptyPlaySum(play: PlayFold): PlaySum {
  return {
    ...nowhere,
    ...nothing(),
    play,
    sequence: play.sequence,
    start: play.startedAt,
    tasks: 0,
    hosts: new Set()
  }
}

function emptyHostSum(): HostSum {
  return { ...nowhere, ...nothing(), spent: 0, failed: 0, unreachable: 0 }
}

/** A task's start is the first that is known of it: of the task itself, or of a result. */
function spanOf({ sequence, startedAt, cells }: TaskFold): Span {
  const span = { sequence, start: startedAt, end: Number.NEGATIVE_INFINITY }
  for (const cell of cells.values()) widen(span, cell)
  return span
}

function widen(span: Span, { sequence, endedAt, duration }: CellFold): void {
  span.sequence = Math.min(span.sequence, sequence)
  span.start = Math.min(span.start, endedAt - (Number.isNaN(duration) ? 0 : Math.round(duration / 1000)))
  span.end = Math.max(span.end, endedAt)
}

function count(sum: Sum, { status, flags }: CellFold): void {
  const name = resultStatuses[status]
  if (name !== undefined) sum.results[name]++
  if (flags & IGNORED) sum.ignored++
  if (flags & RESCUED) sum.rescued++
}

function addTask(sum: PlaySum, task: TaskFold, span: Span): void {
  sum.tasks++
  sum.sequence = Math.min(sum.sequence, span.sequence)
  sum.start = Math.min(sum.start, span.start)
  sum.end = Math.max(sum.end, span.end)
  for (const [host, cell] of task.cells) {
    sum.hosts.add(host)
    count(sum, cell)
  }
}

function addCell(sum: HostSum, cell: CellFold): void {
  count(sum, cell)
  widen(sum, cell)
  sum.spent += Number.isNaN(cell.duration) ? 0 : cell.duration
  if ((cell.flags & (IGNORED | RESCUED)) !== 0) return
  if (resultStatuses[cell.status] === 'failed') sum.failed++
  if (resultStatuses[cell.status] === 'unreachable') sum.unreachable++
}

function playPart({ play, tasks, hosts, results, ...span }: PlaySum): OutlinePlay {
  const { hosts: _hosts, ...told } = nameOfPlay(play)
  return {
    ansible: { play: told },
    ...(play.isEmpty && { no_hosts: true }),
    sequence: span.sequence,
    event: lasted(span),
    tasks,
    hosts: hosts.size,
    results
  }
}

/** Where its start was lost, results tell no more of a play than which one it is. */
function nameOfPlay({ told, id, batch }: PlayFold): Play {
  return told?.of ?? { id, ...(batch > 0 && { batch }) }
}

function taskPart({ play, told, id: taskId, occurrence, cells }: TaskFold, span: Span): OutlineTask {
  const sum: Sum = nothing()
  for (const cell of cells.values()) count(sum, cell)
  const { id, batch, name } = nameOfPlay(play)
  const playName = { id, ...(batch !== undefined && { batch }), ...(name !== undefined && { name }) }
  return {
    ansible: { play: playName, task: told?.of ?? { id: taskId, occurrence, name: '' } },
    sequence: span.sequence,
    event: lasted(span),
    ...sum
  }
}

function hostPart(host: HostFold | undefined, sum: HostSum | undefined): OutlineHost[] {
  if (host === undefined || sum === undefined) return []
  const { results, ignored, rescued, spent } = sum
  const status = worst(sum)
  return [
    {
      host: { name: host.name },
      ...(status !== undefined && { status }),
      // A host waits for others between its tasks: what it took itself is told, not the time from first to last.
      event: { ...lasted(sum), ...(sum.end > 0 && { duration: spent }) },
      results,
      ignored,
      rescued,
      ...(host.stats !== undefined && { ansible: { stats: host.stats.of } })
    }
  ]
}

function worst({ results, failed, unreachable, ignored, rescued }: HostSum): ResultStatus | undefined {
  const counted = { ...results, failed, unreachable, ok: results.ok + ignored + rescued }
  return worstFirst.find((status) => counted[status] > 0)
}

function lasted({ start, end }: Span): { start?: string; end?: string; duration?: number } {
  return {
    ...(Number.isFinite(start) && { start: timeOf(start) }),
    ...(Number.isFinite(end) && { end: timeOf(end), duration: Math.max(0, end - start) * 1000 })
  }
}

function cellsOf(rows: readonly Row[]): OutlineCells {
  const { length } = rows
  const cells = {
    host: new Uint32Array(length),
    task: new Uint32Array(length),
    status: new Uint8Array(length),
    flags: new Uint8Array(length),
    sequence: new Float64Array(length),
    duration: new Float64Array(length)
  }
  // A loop: it is five times as fast as making each list of its own with `from`.
  for (const [at, { host, task, cell }] of rows.entries()) {
    cells.host[at] = host
    cells.task[at] = task
    cells.status[at] = cell.status
    cells.flags[at] = cell.flags
    cells.sequence[at] = cell.sequence
    cells.duration[at] = cell.duration
  }
  return cells
}

function nameOf(hosts: readonly HostFold[], at: number): string {
  return hosts[at]?.name ?? ''
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
