import type { ResultStatus } from '../index/store.ts'
import { comparePositions } from './keyset.ts'
import { identityOf, type TaskName } from './task-name.ts'

/** A result as it counts for drift. */
export interface DriftResult {
  /** Microseconds since 1970. */
  time: number
  '@timestamp': string
  run: { id: string; name: string | undefined }
  user: string | undefined
  host: string
  task: TaskName
  status: ResultStatus
  /** Nothing was to be changed: the task was only checked. */
  isChecked: boolean
  sequence: number
  /** What is or would be changed, as far as there is a diff. */
  paths: readonly string[]
}

/** A task that would change something on a host, if its playbook was run. */
export interface Drift {
  host: string
  playbook: string | undefined
  identity: string
  /** The result that said so first, and the one that said so last, with nothing in between that says otherwise. */
  first: DriftResult
  last: DriftResult
  /** Runs that said so, from the first to the last. */
  runs: number
}

export interface DriftFold {
  /** Adds a result. The order of results makes no difference, nor does it if one comes again. */
  add(result: DriftResult): void
  /** By host, playbook and task. */
  drift(): Drift[]
}

/** What the results of one task on one host in one run say. */
interface Said {
  /** Those that would be a change, each once. */
  differing: DriftResult[]
  /** When a result said last that all is right. */
  rightAt: number
}

interface Pair {
  host: string
  playbook: string | undefined
  identity: string
  runs: Map<string, Said>
}

/**
 * What a result says of the state of its host: `differs` from what the playbook wants, is `right`, or nothing. What
 * failed was not looked at to its end, and a real run that skipped a task did not look either; what a check run
 * skips, a real one would skip.
 */
export function saysOf({
  status,
  isChecked
}: Pick<DriftResult, 'status' | 'isChecked'>): 'differs' | 'right' | undefined {
  if (status === 'changed') return isChecked ? 'differs' : 'right'
  if (status === 'ok') return 'right'
  return status === 'skipped' && isChecked ? 'right' : undefined
}

/** Puts results of any number of runs together. */
export function openDriftFold(): DriftFold {
  const pairs = new Map<string, Pair>()

  function saidOf({ host, run, task }: DriftResult): Said {
    const identity = identityOf(task)
    const key = JSON.stringify([host, run.name, identity])
    const pair = pairs.get(key) ?? { host, playbook: run.name, identity, runs: new Map<string, Said>() }
    pairs.set(key, pair)
    const said = pair.runs.get(run.id) ?? { differing: [], rightAt: Number.NEGATIVE_INFINITY }
    pair.runs.set(run.id, said)
    return said
  }

  return {
    add(result) {
      const says = saysOf(result)
      if (says === undefined) return
      const said = saidOf(result)
      if (says === 'right') said.rightAt = Math.max(said.rightAt, result.time)
      else if (!said.differing.some(({ sequence }) => sequence === result.sequence))
        said.differing.push(result)
    },
    drift: () => [...pairs.values()].flatMap(driftOf).sort(byPlace)
  }
}

/**
 * A run in which the task would change something on the host says so, however often it ran there besides: a task
 * that is included in a loop may be right for one item and not for another. So does the latest run that says anything.
 */
function driftOf({ host, playbook, identity, runs }: Pair): Drift[] {
  let rightAt = Number.NEGATIVE_INFINITY
  for (const said of runs.values()) if (said.differing.length === 0) rightAt = Math.max(rightAt, said.rightAt)
  const series = [...runs.values()]
    .flatMap(({ differing }) => differing.filter(({ time }) => time > rightAt))
    .sort(byTime)
  const [first, last] = [series[0], series.at(-1)]
  if (first === undefined || last === undefined) return []
  return [{ host, playbook, identity, first, last, runs: new Set(series.map(({ run }) => run.id)).size }]
}

function byTime(one: DriftResult, other: DriftResult): number {
  return comparePositions([one.time, one.run.id, one.sequence], [other.time, other.run.id, other.sequence])
}

function byPlace(one: Drift, other: Drift): number {
  return comparePositions(
    [one.host, one.playbook ?? '', one.identity],
    [other.host, other.playbook ?? '', other.identity]
  )
}
