import { type Cell, cellAt, countedStatus, type Outline, worstFirst } from '../index/outline.ts'
import { limits } from '../limits.ts'
import { identityOf, type TaskName, taskNameOf } from './task-name.ts'

/** What a list says, and how many more there would be. */
export interface Listed<Item> {
  items: Item[]
  more: number
}

export function listed<Item>(all: readonly Item[]): Listed<Item> {
  const items = all.slice(0, limits.compareItemsMax)
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

/**
 * Results that differ, host by host and task by task, of hosts and tasks that both runs have: first those that both
 * have, then those that one of them did not come to.
 */
export function compareResults(a: Outline, b: Outline): Listed<ResultDifference> {
  const [tasksA, tasksB] = [identities(a), identities(b)]
  const rowsB = rowsByHost(b, tasksB, new Set(tasksA))
  const isInBoth = new Set(tasksB)
  const names = new Map(
    [a, b].flatMap(({ tasks }) => tasks.map(({ ansible }) => [identityOf(ansible.task), ansible.task]))
  )
  const [different, missing]: [ResultDifference[], ResultDifference[]] = [[], []]
  for (const [name, rowA] of rowsByHost(a, tasksA, isInBoth)) {
    const rowB = rowsB.get(name)
    if (rowB === undefined) continue
    for (const identity of new Set([...rowA.keys(), ...rowB.keys()])) {
      const [one, other, task] = [rowA.get(identity), rowB.get(identity), names.get(identity)]
      if (task === undefined || areSame(one, other)) continue
      const isMissing = one === undefined || other === undefined
      const into = isMissing ? missing : different
      into.push({
        host: { name },
        ansible: { task: taskNameOf(task) },
        ...(one !== undefined && { a: one }),
        ...(other !== undefined && { b: other })
      })
    }
  }
  return listed([...different, ...missing])
}

/** What each task of a run is known by, in the order of its cells' numbers. */
function identities({ tasks }: Outline): string[] {
  return tasks.map(({ ansible }) => identityOf(ansible.task))
}

/** Of each host that the run has: the worst result of each task that is in `wanted`. */
function rowsByHost(
  { hosts, cells }: Outline,
  tasks: readonly string[],
  wanted: ReadonlySet<string>
): Map<string, Map<string, Outcome>> {
  const rows = new Map(hosts.map(({ host }) => [host.name, new Map<string, Outcome>()]))
  for (const at of cells.host.keys()) {
    const { host, task, status, ignored, rescued, sequence } = cellAt(cells, at)
    const identity = tasks[task] ?? ''
    const row = rows.get(hosts[host]?.host.name ?? '')
    if (row === undefined || !wanted.has(identity)) continue
    const outcome = { status, ...(ignored && { ignored }), ...(rescued && { rescued }), sequence }
    const known = row.get(identity)
    if (known === undefined || isWorse(outcome, known)) row.set(identity, outcome)
  }
  return rows
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
