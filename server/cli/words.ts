import type { Event } from '../event-types.ts'

/** Hosts that are named; more are counted. */
const NAMES_SHOWN_MAX = 10

export interface Who {
  user?: Event['user'] | undefined
  observer?: Event['observer'] | undefined
}
type Task = NonNullable<NonNullable<Event['ansible']>['task']>
type AbortReason = NonNullable<NonNullable<Event['run']>['reason']>

/** Why a run was aborted: event.md's `run.reason`, in words. */
export const abortReasons: Record<AbortReason, string> = {
  interrupted: 'interrupted by Ctrl-C',
  error: 'ended by an error',
  killed: 'killed',
  silent: 'fell silent'
}

/** Why a run was aborted, and what its sender or the server says of it beyond that. */
export function abortText({ run, error }: Pick<Event, 'run' | 'error'>): string {
  const reason = run?.reason === undefined ? '' : abortReasons[run.reason]
  // Nothing more is known of a Ctrl-C.
  const message = run?.reason === 'interrupted' ? '' : (error?.message ?? '')
  return [reason, message].filter((part) => part !== '').join(': ')
}

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

/** The item of a loop as Ansible shows it: `(item=bob)`, or its number where the label is kept secret. */
export function itemText({ ansible }: Pick<Event, 'ansible'>): string {
  const { label, number } = ansible?.item ?? {}
  return label === undefined ? `(item ${number ?? '?'})` : `(item=${label})`
}

/** For example `try 1 of 3 failed: not yet`. */
export function retryText({ ansible }: Pick<Event, 'ansible'>): string {
  const { attempt, retries, rc, msg } = ansible?.retry ?? {}
  const of = retries === undefined ? '' : ` of ${retries}`
  const why = msg || (rc === undefined ? '' : `rc=${rc}`)
  return `try ${attempt ?? '?'}${of} failed${why === '' ? '' : `: ${why}`}`
}

/** For example `/srv/site/users.yml for web-07, web-08`. */
export function includeText({ ansible }: Pick<Event, 'ansible'>): string {
  const { kind, name = '', hosts = [], hosts_total: total = hosts.length } = ansible?.include ?? {}
  const what = kind === 'role' ? `role ${name}` : name
  return total === 0 ? what : `${what} for ${namesText(hosts, total)}`
}

/** `web-07, web-08`, or how many there are. */
export function namesText(names: readonly string[], total = names.length): string {
  return total > NAMES_SHOWN_MAX || names.length < total ? counted(total, 'host') : names.join(', ')
}
