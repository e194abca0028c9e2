import type { Event } from '../event-types.ts'

interface Who {
  user?: Event['user'] | undefined
  observer?: Event['observer'] | undefined
}
type Task = NonNullable<NonNullable<Event['ansible']>['task']>

/** Who did it and where, for example `alice@control-1`. */
export function actorOf({ user, observer }: Who): string {
  const name = user?.name ?? ''
  return observer?.hostname === undefined ? name : `${name}@${observer.hostname}`
}

/** A task as Ansible calls it, for example `nginx : Install the configuration`. */
export function taskTitle({ role, name }: Pick<Task, 'role' | 'name'>): string {
  return role === undefined ? name : `${role} : ${name}`
}

/** `1 host`, `3 hosts`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
