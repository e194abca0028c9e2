import { isDeepStrictEqual } from 'node:util'
import type { Outline } from '../index/outline.ts'
import type { Run } from '../index/store.ts'
import { limits } from '../limits.ts'
import { compareResults, type Listed, listed, type ResultDifference } from './compare-results.ts'
import { identityOf, type TaskName, taskNameOf } from './task-name.ts'

/** A run and what it did. */
export interface Side {
  run: Run
  outline: Outline
}

export interface Comparison {
  a: ComparedRun
  b: ComparedRun
  /** By path: `same`; by name alone: `same_name`. */
  playbook: 'same' | 'same_name' | 'different'
  differences: FieldDifference[]
  hosts: { only_a: Listed<{ host: { name: string } }>; only_b: Listed<{ host: { name: string } }> }
  tasks: {
    only_a: Listed<{ ansible: { task: TaskName } }>
    only_b: Listed<{ ansible: { task: TaskName } }>
    durations: Listed<DurationDifference>
  }
  results: Listed<ResultDifference>
}

export type ComparedRun = Pick<Run, '@timestamp' | 'run' | 'event' | 'user'>

export interface FieldDifference {
  field: string
  a?: unknown
  b?: unknown
}

/** Nanoseconds. `ratio` is b ÷ a. */
export interface DurationDifference {
  ansible: { task: TaskName }
  a: number
  b: number
  ratio: number
}

/** What differs between two runs: what they were asked, what they came to, and how long that took. */
export async function compareRuns(a: Side, b: Side, signal?: AbortSignal): Promise<Comparison> {
  const [tasksA, tasksB] = [tasksOf(a.outline), tasksOf(b.outline)]
  const [hostsA, hostsB] = [hostsOf(a.outline), hostsOf(b.outline)]
  return {
    a: comparedRun(a.run),
    b: comparedRun(b.run),
    playbook: samePlaybook(a.run, b.run),
    differences: fieldDifferences(a.run, b.run),
    hosts: {
      only_a: listed(
        [...hostsA].filter((name) => !hostsB.has(name)),
        hostNamed
      ),
      only_b: listed(
        [...hostsB].filter((name) => !hostsA.has(name)),
        hostNamed
      )
    },
    tasks: {
      only_a: listed(
        [...tasksA].filter(([key]) => !tasksB.has(key)),
        taskNamed
      ),
      only_b: listed(
        [...tasksB].filter(([key]) => !tasksA.has(key)),
        taskNamed
      ),
      durations: listed(durationDifferences(tasksA, tasksB), (difference) => difference)
    },
    results: await compareResults(a.outline, b.outline, signal)
  }
}

/** Both: notably longer by ratio, and not by so little that it may be chance. */
export function isNotable(a: number, b: number): boolean {
  const [less, more] = a < b ? [a, b] : [b, a]
  const isMuch = more - less >= limits.compareDurationMsMin * 1_000_000
  return isMuch && more >= less * limits.compareDurationRatioMin
}

/** Fields of a run that are compared, in the order in which they are told. */
export const comparedFields = [
  'run.status',
  'run.reason',
  'run.kind',
  'run.name',
  'ansible.playbook.path',
  'user.name',
  'user.effective.name',
  'observer.hostname',
  'ansible.cli.tags',
  'ansible.cli.skip_tags',
  'ansible.cli.limit',
  'ansible.cli.check',
  'ansible.cli.diff',
  'ansible.cli.inventory',
  'ansible.cli.extra_var_names',
  'ansible.cli.start_at_task',
  'ansible.cli.step',
  'ansible.cli.forks',
  'ansible.cli.become',
  'ansible.cli.become_user',
  'ansible.cli.become_method',
  'ansible.cli.remote_user',
  'ansible.cli.connection',
  'ansible.cli.module_name',
  'ansible.version',
  'vcs.url',
  'vcs.branch',
  'vcs.commit',
  'labels'
] as const

/** The order of these says nothing. */
const UNORDERED: ReadonlySet<string> = new Set([
  'ansible.cli.tags',
  'ansible.cli.skip_tags',
  'ansible.cli.extra_var_names'
])

function fieldDifferences(a: Run, b: Run): FieldDifference[] {
  const differences: FieldDifference[] = comparedFields.flatMap((field) => {
    const values = [fieldOf(a, field), fieldOf(b, field)] as const
    const [one, other] = values.map((value) => comparable(field, value))
    return isDeepStrictEqual(one, other) ? [] : [difference(field, ...values)]
  })
  const [lastedA, lastedB] = [a.event.duration, b.event.duration]
  if (lastedA !== undefined && lastedB !== undefined && isNotable(lastedA, lastedB))
    differences.push({ field: 'event.duration', a: lastedA, b: lastedB })
  return differences
}

function difference(field: string, a: unknown, b: unknown): FieldDifference {
  return { field, ...(a !== undefined && { a }), ...(b !== undefined && { b }) }
}

function fieldOf(run: Run, field: string): unknown {
  let value: unknown = run
  for (const step of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
  return value
}

/** An option that was not given is the same as one that is false, or an empty list. */
function comparable(field: string, value: unknown): unknown {
  if (value === false || (Array.isArray(value) && value.length === 0)) return undefined
  return UNORDERED.has(field) && Array.isArray(value) ? value.toSorted() : value
}

function samePlaybook(a: Run, b: Run): Comparison['playbook'] {
  const [pathA, pathB] = [a.ansible?.playbook?.path, b.ansible?.playbook?.path]
  if (pathA !== undefined && pathA === pathB) return 'same'
  return a.run.name !== undefined && a.run.name === b.run.name ? 'same_name' : 'different'
}

interface TaskSum {
  task: TaskName
  /** Of all its occurrences, as far as they were measured. */
  duration: number | undefined
}

function tasksOf({ tasks }: Outline): Map<string, TaskSum> {
  const sums = new Map<string, TaskSum>()
  for (const { ansible, event } of tasks) {
    const task = taskNameOf(ansible.task)
    const known = sums.get(identityOf(task)) ?? { task, duration: undefined }
    if (event.duration !== undefined) known.duration = (known.duration ?? 0) + event.duration
    sums.set(identityOf(task), known)
  }
  return sums
}

/** Hosts that the run came to, or was to come to. */
function hostsOf({ hosts }: Outline): Set<string> {
  return new Set(hosts.map(({ host }) => host.name))
}

/** The greatest first. */
function durationDifferences(
  tasksA: ReadonlyMap<string, TaskSum>,
  tasksB: ReadonlyMap<string, TaskSum>
): DurationDifference[] {
  const differences = [...tasksA].flatMap(([identity, { task, duration: a }]) => {
    const b = tasksB.get(identity)?.duration
    if (a === undefined || b === undefined || !isNotable(a, b)) return []
    // What took no time that could be measured counts as a microsecond: a ratio has to be a number.
    return [{ ansible: { task }, a, b, ratio: Math.round((b / Math.max(a, 1_000)) * 100) / 100 }]
  })
  return differences.sort((one, other) => Math.abs(other.b - other.a) - Math.abs(one.b - one.a))
}

function comparedRun(run: Run): ComparedRun {
  const { '@timestamp': time, run: of, event, user } = run
  return { '@timestamp': time, run: of, event, ...(user !== undefined && { user }) }
}

function hostNamed(name: string): { host: { name: string } } {
  return { host: { name } }
}

function taskNamed([, { task }]: [string, TaskSum]): { ansible: { task: TaskName } } {
  return { ansible: { task } }
}
