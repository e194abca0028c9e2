import { microsecondsOf } from '../index/columns.ts'
import { type EventPart, resultStatuses } from '../index/store.ts'
import { limits } from '../limits.ts'
import type { DriftResult } from './drift-fold.ts'
import { taskNameOf } from './task-name.ts'

/** Fields of an event that say what it means for drift. */
export const driftFields = [
  '@timestamp',
  'event.sequence',
  'run.id',
  'run.name',
  'user.name',
  'host.name',
  ...['key', 'name', 'action', 'role', 'path', 'line', 'check_mode'].map((name) => `ansible.task.${name}`),
  'ansible.result.status',
  'ansible.diff.path'
]

/**
 * What an event says for drift; undefined if it is no result of a task that is named. `checkIds` are the runs with
 * `--check`.
 */
export function driftResultOf(part: EventPart, checkIds: ReadonlySet<string>): DriftResult | undefined {
  const { '@timestamp': timestamp, event, run, user, host, ansible } = part
  const { task, result, diff = [] } = ansible ?? {}
  const time = microsecondsOf(timestamp)
  const status = resultStatuses.find((known) => known === result?.status)
  if (timestamp === undefined || time === undefined || status === undefined) return undefined
  if (run?.id === undefined || host?.name === undefined || task?.name === undefined) return undefined
  const paths = diff.flatMap(({ path }) => path ?? []).slice(0, limits.driftPathsMax)
  return {
    time,
    '@timestamp': timestamp,
    run: { id: run.id, name: run.name },
    user: user?.name,
    host: host.name,
    task: taskNameOf({ ...task, name: task.name }),
    status,
    isChecked: task.check_mode ?? checkIds.has(run.id),
    sequence: event?.sequence ?? 0,
    paths: [...new Set(paths)]
  }
}
