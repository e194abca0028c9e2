import type { Event } from '../../server/event-types.ts'
import type { RunStatus } from '../../server/index/store.ts'

/** A run's document in the index, as far as the dashboards look at it. */
export interface RunDocument {
  '@timestamp': string
  run: NonNullable<Event['run']> & { status: RunStatus }
  event: { start: string; end?: string; duration?: number; outcome?: string }
  user?: Event['user']
  source?: Event['source']
  observer?: Event['observer']
  error?: Event['error']
  ansible?: { cli?: NonNullable<NonNullable<Event['ansible']>['cli']> }
  host?: { name: string[] }
}

type Result = NonNullable<NonNullable<Event['ansible']>['result']>

export interface KnownDocuments {
  events: Event[]
  runs: RunDocument[]
}

/** Everything happens in these days; half open. */
export const shown = { from: '2026-11-02T00:00:00.000Z', to: '2026-11-09T00:00:00.000Z' }

const RUNS = 40
const SECOND_NS = 1_000_000_000
const HOUR_MS = 3_600_000
const playbooks = ['site.yml', 'deploy.yml', 'patch.yml', 'backup.yml'] as const
const actors = [
  { user: { name: 'alice', origin: 'loginuid' }, ip: '192.0.2.10', controller: 'bastion' },
  {
    user: { name: 'bob', origin: 'sudo', effective: { name: 'root', id: '0' } },
    ip: '192.0.2.11',
    controller: 'bastion'
  },
  { user: { name: 'deployer', origin: 'ci' }, ip: undefined, controller: 'runner-1' },
  { user: { name: 'alice', origin: 'env' }, ip: '2001:db8::7', controller: 'laptop' },
  { user: { name: 'cron', origin: 'uid' }, ip: undefined, controller: 'control-1' }
] as const
const tasks = [
  { name: 'Install packages', action: 'ansible.builtin.apt', role: 'base', seconds: 40 },
  { name: 'Write the configuration', action: 'ansible.builtin.template', role: 'nginx', seconds: 2 },
  { name: 'Restart nginx', action: 'ansible.builtin.service', role: 'nginx', seconds: 5 },
  { name: 'Wait for the port', action: 'ansible.builtin.wait_for', role: undefined, seconds: 12 },
  { name: 'Check the certificate', action: 'ansible.builtin.command', role: undefined, seconds: 1 }
] as const
const endings: RunStatus[] = [
  'changed',
  'success',
  'failed',
  'changed',
  'unreachable',
  'aborted',
  'changed',
  'running'
]
const resultStatuses: Result['status'][] = [
  'ok',
  'changed',
  'ok',
  'skipped',
  'failed',
  'changed',
  'ok',
  'unreachable',
  'changed'
]
const reasons = ['killed', 'silent', 'interrupted'] as const
const endedBy = { killed: 'shipper', silent: 'server', interrupted: 'callback' } as const

/** The same documents each time: runs of all kinds over a week, and what they did. */
export function knownDocuments(): KnownDocuments {
  const known: KnownDocuments = { events: [], runs: [] }
  for (let number = 0; number < RUNS; number += 1) addRun(known, number)
  known.runs.push({
    '@timestamp': '2026-11-05T12:00:00.000Z',
    run: { id: runIdOf(999), kind: 'service', name: 'playtrail', status: 'running' },
    event: { start: '2026-11-05T12:00:00.000Z' }
  })
  return known
}

function runIdOf(number: number): string {
  return `019a5344-9e0b-7c3f-8a51-${String(number).padStart(12, '0')}`
}

function addRun(known: KnownDocuments, number: number): void {
  const id = runIdOf(number)
  const name = pick(playbooks, number * 7 + Math.floor(number / 5))
  const actor = pick(actors, number * 3 + Math.floor(number / 7))
  const startMs = Date.parse(shown.from) + number * 4 * HOUR_MS + number * 60_000
  const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString()
  const common = {
    user: { name: actor.user.name },
    observer: { hostname: actor.controller }
  }
  let sequence = 0
  const add = (
    seconds: number,
    event: Partial<Event['event']> & { action: Event['event']['action'] },
    rest: Partial<Event>
  ): void => {
    // What the shipper and the server say has counts of its own.
    const own = event.provider === 'shipper' ? 's' : event.provider === 'server' ? 'v' : undefined
    known.events.push({
      '@timestamp': at(seconds),
      ...common,
      ...rest,
      event: {
        dataset: event.action === 'host.result' ? 'ansible.result' : 'ansible.run',
        id: `${id}:${own === undefined ? sequence : `${own}0`}`,
        sequence: own === undefined ? sequence : 0,
        ...event
      },
      run: { id, name, ...rest.run }
    } as Event)
    if (own === undefined) sequence += 1
  }

  const cli = cliOf(number)
  const who = { user: { ...actor.user }, ...(actor.ip !== undefined && { source: { ip: actor.ip } }) }
  add(
    0,
    { action: 'run.started' },
    { ...who, run: { id, kind: 'playbook', name, status: 'running' }, ansible: { cli } }
  )
  const hosts = Array.from(
    { length: 2 + (number % 4) },
    (_, i) => `web-${String(1 + ((number * 5 + i * i) % 19)).padStart(2, '0')}`
  )
  let seconds = 1
  for (const [hostNumber, host] of [...new Set(hosts)].entries())
    for (const [taskNumber, task] of tasks.entries()) {
      const turn = number * 11 + hostNumber * 5 + taskNumber * 3 + ((number * taskNumber) % 4)
      addResult(add, seconds, host, task, turn)
      seconds += 2
    }
  known.runs.push(
    addEnd(add, { id, name, number, seconds: seconds + (number % 6) * 30, events: () => sequence }, at, {
      ...common,
      ...who,
      cli,
      hosts
    })
  )
}

type Add = (
  seconds: number,
  event: Partial<Event['event']> & { action: Event['event']['action'] },
  rest: Partial<Event>
) => void

function addResult(
  add: Add,
  seconds: number,
  host: string,
  task: (typeof tasks)[number],
  turn: number
): void {
  const status = pick(resultStatuses, turn)
  const named = {
    id: `5254004d-77d3-1f3c-9d64-${String(task.seconds).padStart(12, '0')}`,
    name: task.name,
    action: task.action
  }
  const ansibleTask = {
    ...named,
    ...(task.role !== undefined && { role: task.role }),
    ...(turn % 13 === 0 && { no_log: true })
  }
  const ansible = { task: ansibleTask, ...(turn % 10 === 3 && { redacted: 1 + (turn % 3) }) }
  const managed = { name: host, groups: ['web'] }
  if (turn % 6 === 1)
    add(
      seconds,
      { action: 'host.retry', dataset: 'ansible.result' },
      { host: managed, ansible: { ...ansible, retry: { attempt: 1 + (turn % 4), retries: 5 } } }
    )
  // Long ones are much longer, so that a median and a 95th percentile are far from each other.
  const duration = Math.round(
    (task.seconds + (turn % 17) * 0.1 + (turn % 29 === 0 ? task.seconds : 0)) * SECOND_NS
  )
  add(
    seconds + 1,
    { action: 'host.result', duration },
    {
      host: managed,
      ansible: {
        ...ansible,
        result: { status, ...(status === 'failed' && turn % 4 === 0 && { ignored: true }) }
      }
    }
  )
}

interface Ending {
  id: string
  name: string
  number: number
  seconds: number
  events: () => number
}

function addEnd(
  add: Add,
  { id, name, number, seconds, events }: Ending,
  at: (seconds: number) => string,
  {
    cli,
    hosts,
    ...who
  }: Pick<RunDocument, 'user' | 'source' | 'observer'> & { cli: ReturnType<typeof cliOf>; hosts: string[] }
): RunDocument {
  const status = pick(endings, number)
  const reason = pick(reasons, number)
  const lost = number % 9 === 4 ? { lost: 1 + (number % 3) } : {}
  // As if two of its events had not come: the callback counted them.
  const missing = number % 10 === 6 ? 2 : 0
  const start = at(0)
  const document: RunDocument = {
    '@timestamp': start,
    run: { id, kind: 'playbook', name, status, ...(status === 'aborted' && { reason }), ...lost },
    event: { start },
    ...who,
    ansible: { cli },
    host: { name: [...new Set(hosts)] }
  }
  if (number % 8 === 2)
    add(
      seconds,
      { action: 'spool.dropped', provider: 'shipper' },
      { spool: { reason: 'size', events: 10 + number, bytes: 1_000 } }
    )
  if (status === 'running') return document
  document.event = { start, end: at(seconds), duration: seconds * SECOND_NS }
  if (status === 'aborted') {
    const error = { message: `It was ${reason}.` }
    document.error = error
    add(
      seconds,
      { action: 'run.aborted', provider: endedBy[reason] },
      { run: { id, name, status, reason, events: events() + 1, ...lost }, error }
    )
  } else
    add(
      seconds,
      { action: 'run.finished', duration: seconds * SECOND_NS },
      { run: { id, name, kind: 'playbook', status, events: events() + 1 + missing, ...lost } }
    )
  return document
}

function cliOf(number: number): { check: boolean; limit?: string; tags?: string[] } {
  return {
    check: number % 5 === 1,
    ...(number % 3 !== 0 && { limit: number % 2 === 0 ? 'web' : 'web-01' }),
    ...(number % 4 === 1 && { tags: ['nginx', 'config'] }),
    ...(number % 4 === 2 && { tags: ['nginx'] })
  }
}

function pick<Item>(list: readonly Item[], number: number): Item {
  const item = list[number % list.length]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}
