import type { Event } from '../event-types.ts'

type Task = NonNullable<NonNullable<Event['ansible']>['task']>

/** A task as it is known by in any run. */
export type TaskName = Pick<Task, 'key' | 'name' | 'action' | 'role' | 'path' | 'line'>

/** What a task has in common in all runs: its key, or else what it is called. */
export function identityOf({ key, role, name }: TaskName): string {
  return key ?? JSON.stringify([role, name])
}

export function taskNameOf({ key, name, action, role, path, line }: TaskName): TaskName {
  const members = Object.entries({ key, name, action, role, path, line })
  return { name, ...Object.fromEntries(members.filter(([, value]) => value !== undefined)) }
}
