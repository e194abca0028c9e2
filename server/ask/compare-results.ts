import { setImmediate as others } from 'node:timers/promises'
import {
  type Cell,
  cellsOfHost,
  countedStatus,
  type Outline,
  type OutlineCells,
  worstFirst
} from '../index/outline.ts'
import { limits } from '../limits.ts'
import { identityOf, type TaskName, taskNameOf } from './task-name.ts'

/** What a list says, and how many more there would be. */
export interface Listed<Item> {
  items: Item[]
  more: number
}

export function listed<Of, Item>(all: readonly Of[], itemOf: (one: Of) => Item): Listed<Item> {
  const items = all.slice(0, limits.compareItemsMax).map(itemOf)
  return { items, more: all.length - items.length }
}

/** How a task ended on a host; absent where it did not end there. */
export interface ResultDifference {
  host: { name: string }
  ansible: { task: TaskName }
  a?: Outcome
  b?: Outcome
}

/** `sequence` is that of the event that has all of the result. */
export type Outcome = Pick<Cell, 'status' | 'ignored' | 'rescued' | 'sequence'>

/** Results that are compared before the other requests get their turn. */
const CELLS_AT_ONCE = 5_000

/**
 * Results that differ, host by host and task by task, of hosts and tasks that both runs have: first those that both
 * have, then those that one of them did not come to. No more of them are made than are told.
 */
export async function compareResults(
  a: Outline,
  b: Outline,
  signal?: AbortSignal
): Promise<Listed<ResultDifference>> {
  const [tasksA, tasksB] = [identities(a), identities(b)]
  const [wantedA, wantedB] = [new Set(tasksB), new Set(tasksA)]
  const names = new Map(
    [a, b].flatMap(({ tasks }) => tasks.map(({ ansible }) => [identityOf(ansible.task), ansible.task]))
  )
  const placesB = new Map(b.hosts.map(({ host }, at) => [host.name, at]))
  const [different, missing]: [ResultDifference[], ResultDifference[]] = [[], []]
  let [found, compared] = [0, 0]
  for (const [
    at,
    {
      host: { name }
    }
  ] of a.hosts.entries()) {
    const atB = placesB.get(name)
    if (atB === undefined) continue
    const rowA = rowOf(a.cells, at, tasksA, wantedA)
    const rowB = rowOf(b.cells, atB, tasksB, wantedB)
    for (const identity of new Set([...rowA.keys(), ...rowB.keys()])) {
      const [one, other, task] = [rowA.get(identity), rowB.get(identity), names.get(identity)]
      if (task === undefined || areSame(one, other)) continue
      found++
      const into = one === undefined || other === undefined ? missing : different
      if (into.length < limits.compareItemsMax) into.push(differenceOf(name, task, one, other))
    }
    compared += rowA.size + rowB.size
    if (compared < CELLS_AT_ONCE) continue
    compared = 0
    await others()
    signal?.throwIfAborted()
  }
  const items = [...different, ...missing].slice(0, limits.compareItemsMax)
  return { items, more: found - items.length }
}

function differenceOf(
  name: string,
  task: TaskName,
  one: Outcome | undefined,
  other: Outcome | undefined
): ResultDifference {
  return {
    host: { name },
    ansible: { task: taskNameOf(task) },
    ...(one !== undefined && { a: one }),
    ...(other !== undefined && { b: other })
  }
}

/** What each task of a run is known by, in the order of its cells' numbers. */
function identities({ tasks }: Outline): string[] {
  return tasks.map(({ ansible }) => identityOf(ansible.task))
}

/** The worst result of each task on the host that is in `wanted`. */
function rowOf(
  cells: OutlineCells,
  host: number,
  tasks: readonly string[],
  wanted: ReadonlySet<string>
): Map<string, Outcome> {
  const row = new Map<string, Outcome>()
  for (const { task, status, ignored, rescued, sequence } of cellsOfHost(cells, host)) {
    const identity = tasks[task] ?? ''
    if (!wanted.has(identity)) continue
    const outcome = { status, ...(ignored && { ignored }), ...(rescued && { rescued }), sequence }
    const known = row.get(identity)
    if (known === undefined || isWorse(outcome, known)) row.set(identity, outcome)
  }
  return row
}

/**
 * A task that ran several times on a host in one run is told by its worst result. Of two that count as the same, one
 * that failed and was ignored says more.
 */
function isWorse(one: Outcome, other: Outcome): boolean {
  const worse = worstFirst.indexOf(countedStatus(one)) - worstFirst.indexOf(countedStatus(other))
  return (worse || worstFirst.indexOf(one.status) - worstFirst.indexOf(other.status)) < 0
}

function areSame(one: Outcome | undefined, other: Outcome | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.status === other.status && one.ignored === other.ignored && one.rescued === other.rescued
}
