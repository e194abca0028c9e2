import type { Event } from '../../server/event-types.ts'
import { type RunOfEvents, runOfEvents } from './fixtures.ts'

type Ansible = NonNullable<Event['ansible']>
type Result = NonNullable<Ansible['result']>
type Status = Result['status']

const START_MS = Date.UTC(2026, 10, 5, 9, 30)
const SECOND_NS = 1_000_000_000

/** A task as its file has it; `key` is what it is known by in every run. */
export function taskOf(name: string, more: Partial<NonNullable<Ansible['task']>> = {}) {
  const key = Buffer.from(name).toString('hex').padEnd(40, '0').slice(0, 40)
  return { id: `task-${name}`, name, key, occurrence: 1, action: 'ansible.builtin.copy', ...more }
}

/** Events of a run with plays and tasks, each a second after the one before. */
export interface PlayedRun extends RunOfEvents {
  play(id: string, more?: Partial<NonNullable<Ansible['play']>>): Event
  task(play: string, name: string, more?: Partial<NonNullable<Ansible['task']>>, batch?: number): Event
  /** A result of a task that `task` names in the same way; it took a second. */
  ended(
    play: string,
    name: string,
    host: string,
    status: Status,
    more?: { task?: Partial<NonNullable<Ansible['task']>>; result?: Partial<Result>; batch?: number } & Pick<
      Ansible,
      'diff'
    >
  ): Event
}

export function playedRun(startMs = START_MS, options: Parameters<typeof runOfEvents>[1] = {}): PlayedRun {
  const run = runOfEvents(startMs, options)
  const lasted = (event: Event, duration: number): Event => ({
    ...event,
    event: { ...event.event, duration }
  })
  return {
    ...run,
    play: (id, more) => run.next('play.started', { ansible: { play: { id, batch: 1, name: id, ...more } } }),
    task: (play, name, more, batch = 1) =>
      run.next('task.started', { ansible: { play: { id: play, batch }, task: taskOf(name, more) } }),
    ended: (play, name, host, status, { task, result, batch = 1, ...more } = {}) =>
      lasted(
        run.next('host.result', {
          host: { name: host },
          ansible: {
            play: { id: play, batch },
            task: taskOf(name, task),
            result: { status, ...result },
            ...more
          }
        }),
        SECOND_NS
      )
  }
}

/** Two hosts, a play in two batches, a rescued and an ignored failure, a result that comes twice, and a recap. */
export function exampleRun(startMs = START_MS): { run: PlayedRun; events: Event[] } {
  const run = playedRun(startMs)
  const stats = { ok: 2, changed: 1, failures: 0, unreachable: 0, skipped: 0, rescued: 1, ignored: 0 }
  const events = [
    run.started(),
    run.play('web', { hosts: ['web-1', 'web-2', 'web-3'] }),
    run.task('web', 'install', { role: 'nginx', path: '/srv/ansible/roles/nginx/tasks/main.yml', line: 3 }),
    run.ended('web', 'install', 'web-2', 'ok'),
    run.ended('web', 'install', 'web-1', 'changed'),
    run.task('web', 'check'),
    run.ended('web', 'check', 'web-1', 'failed', { result: { rescued: true } }),
    run.ended('web', 'check', 'web-2', 'failed', { result: { ignored: true } }),
    run.play('db', { batch: 2 }),
    run.task('db', 'include', {}, 2),
    run.ended('db', 'include', 'db-1', 'ok', { batch: 2 }),
    run.ended('db', 'include', 'db-1', 'failed', { batch: 2 }),
    run.next('play.no_hosts', { ansible: { play: { id: 'none', batch: 1 } } }),
    run.next('host.finished', { host: { name: 'web-1' }, ansible: { stats } }),
    run.finished('failed')
  ]
  return { run, events }
}
