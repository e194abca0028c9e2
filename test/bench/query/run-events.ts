import type { Event } from '../../../server/event-types.ts'
import type { Host, Playbook, Task } from './estate.ts'
import type { Random } from './random.ts'
import { type Place, placeOf, playOf, type RunPlan, timestamp } from './run-plan.ts'
import type { Texts } from './texts.ts'

type Status = NonNullable<NonNullable<Event['ansible']>['result']>['status']
type Counts = Record<
  'ok' | 'changed' | 'failures' | 'unreachable' | 'skipped' | 'rescued' | 'ignored',
  number
>
type Play = Playbook['plays'][number]

/** Between the end of a task and the start of the next one. */
const BETWEEN_TASKS_MS = 15
const UNREACHABLE_SHARE = 0.0003
const TRIES_MAX = 5
const FLAKY_SHARE = 0.05
const CONNECT_TIMEOUT_MS = 10_000

/** A run while it is written down. */
interface Writing {
  plan: RunPlan
  random: Random
  texts: Texts
  events: Event[]
  stats: Map<string, Counts>
  nowMs: number
  say(atMs: number, event: Partial<Event['event']>, rest: Partial<Event>): void
}

/** All events of a run, in order, as the callback writes them: linear strategy, hosts side by side. */
export function runEvents(plan: RunPlan, random: Random, texts: Texts): Event[] {
  const events: Event[] = []
  const say: Writing['say'] = (atMs, event, rest) => {
    events.push(eventOf(plan, events.length, atMs, event, rest))
  }
  const run: Writing = { plan, random, texts, events, stats: new Map(), nowMs: plan.startMs, say }
  say(run.nowMs, { action: 'run.started', type: ['start'], start: timestamp(run.nowMs) }, plan.started)
  for (const [at, play] of plan.plays.entries()) {
    writePlay(run, play, at)
    if (events.length >= plan.cutAfter) return [...events, aborted(plan, events.length, run.nowMs)]
  }
  for (const [name, counts] of run.stats) {
    const outcome = counts.failures + counts.unreachable > 0 ? 'failure' : 'success'
    say(
      run.nowMs,
      { action: 'host.finished', type: ['end'], outcome },
      { host: { name }, ansible: { stats: counts } }
    )
  }
  say(run.nowMs, ...finished(plan, run.stats, run.nowMs, events.length + 1))
  return events
}

/** Hosts that fail or are not reached take no part in what follows. */
function writePlay(run: Writing, play: Play, at: number): void {
  run.nowMs += run.random.integer(20, 200)
  run.say(
    run.nowMs,
    { action: 'play.started', dataset: 'ansible.play', type: ['start'] },
    playStarted(play, at)
  )
  for (const { name } of play.hosts) if (!run.stats.has(name)) run.stats.set(name, noCounts())
  let hosts = play.hosts
  for (const task of play.tasks) {
    if (hosts.length === 0 || run.events.length >= run.plan.cutAfter) return
    const lost = writeTask(run, task, hosts, placeOf(run.plan, play, at, task))
    hosts = hosts.filter((host) => !lost.has(host))
  }
}

/** Returns the hosts that are lost. */
function writeTask(run: Writing, task: Task, hosts: readonly Host[], place: Place): Set<Host> {
  run.nowMs += BETWEEN_TASKS_MS
  run.say(run.nowMs, { action: 'task.started', dataset: 'ansible.task', type: ['start'] }, { ansible: place })
  const results = hosts.map((host) => resultOf(run, task, host)).sort((a, b) => a.ms - b.ms)
  for (const { host, ms, status, fields } of results) {
    const counts = run.stats.get(host.name)
    if (counts !== undefined) count(counts, status)
    run.say(run.nowMs + ms, resultEvent(run.nowMs, ms, status), {
      host: { name: host.name, groups: [...host.groups] },
      ansible: { ...place, ...fields }
    })
  }
  run.nowMs += results.at(-1)?.ms ?? 0
  return new Set(results.filter(({ status }) => isBad(status)).map(({ host }) => host))
}

function eventOf(
  { run, user, observer }: RunPlan,
  sequence: number,
  atMs: number,
  event: Partial<Event['event']>,
  rest: Partial<Event>
): Event {
  return {
    '@timestamp': timestamp(atMs),
    event: {
      id: `${run.id}:${sequence}`,
      sequence,
      action: 'run.started',
      dataset: 'ansible.run',
      provider: 'callback',
      kind: 'event',
      category: ['configuration'],
      ...event
    },
    run: { id: run.id, name: run.name },
    user: { name: user },
    observer: { hostname: observer },
    ...rest
  }
}

function playStarted(play: Play, at: number): Partial<Event> {
  const hosts = play.hosts.map(({ name }) => name)
  return {
    ansible: {
      play: {
        ...playOf(play, at),
        hosts_pattern: play.pattern,
        hosts_total: hosts.length,
        strategy: 'linear',
        hosts
      }
    }
  }
}

interface Result {
  host: Host
  ms: number
  status: Status
  fields: NonNullable<Event['ansible']>
}

function resultOf({ plan, random, texts }: Writing, task: Task, host: Host): Result {
  const status = statusOf(task, random)
  const fields: Result['fields'] = { result: { status, ...told(status, task, host, random, texts) } }
  if (status === 'changed' && task.output === 'diff' && plan.hasDiffs && !task.isNoLog)
    fields.diff = [texts.diff(random, task.role)]
  return { host, ms: msOf(status, task, random), status, fields }
}

function msOf(status: Status, task: Task, random: Random): number {
  if (status === 'skipped') return random.integer(5, 30)
  return status === 'unreachable' ? CONNECT_TIMEOUT_MS : random.logNormal(task.medianMs, 0.5)
}

type Told = Omit<NonNullable<NonNullable<Event['ansible']>['result']>, 'status'>

/** What is recorded of a result beside its status. */
function told(status: Status, task: Task, host: Host, random: Random, texts: Texts): Told {
  if (status === 'skipped') return { skip_reason: 'Conditional result was False' }
  if (status === 'unreachable')
    return { msg: `Failed to connect to the host via ssh: ${host.name}: timed out` }
  if (task.isNoLog) return {}
  const tries =
    task.isFlaky && random.chance(FLAKY_SHARE)
      ? { attempts: random.integer(2, TRIES_MAX), retries: TRIES_MAX }
      : {}
  if (status === 'failed') {
    const rc = random.integer(1, 127)
    return { rc, msg: texts.failure(random, task.role), stderr: texts.stdout(random, task.role), ...tries }
  }
  if (task.output === 'message') return { msg: `OK (${random.integer(80, 9_000)} bytes)`, ...tries }
  if (task.output !== 'stdout') return tries
  const cmd = `/usr/sbin/${task.role} --check /etc/${task.role}/${task.role}.conf`
  return { rc: 0, cmd, stdout: texts.stdout(random, task.role), ...tries }
}

function statusOf(task: Task, random: Random): Status {
  const drawn = random.next()
  if (drawn < UNREACHABLE_SHARE) return 'unreachable'
  if (drawn < UNREACHABLE_SHARE + task.failedShare) return 'failed'
  if (random.chance(task.skippedShare)) return 'skipped'
  return random.chance(task.changedShare) ? 'changed' : 'ok'
}

const isBad = (status: Status): boolean => status === 'failed' || status === 'unreachable'

function resultEvent(startMs: number, ms: number, status: Status): Partial<Event['event']> {
  return {
    action: 'host.result',
    dataset: 'ansible.result',
    type: [status === 'changed' ? 'change' : isBad(status) ? 'error' : 'info'],
    outcome: isBad(status) ? 'failure' : status === 'skipped' ? 'unknown' : 'success',
    start: timestamp(startMs),
    end: timestamp(startMs + ms),
    duration: Math.round(ms * 1e6)
  }
}

function noCounts(): Counts {
  return { ok: 0, changed: 0, failures: 0, unreachable: 0, skipped: 0, rescued: 0, ignored: 0 }
}

/** As Ansible counts: what changed is also ok. */
function count(counts: Counts, status: Status): void {
  if (status === 'failed') counts.failures += 1
  else if (status === 'changed') {
    counts.ok += 1
    counts.changed += 1
  } else counts[status] += 1
}

function finished(
  { run, startMs }: RunPlan,
  stats: ReadonlyMap<string, Counts>,
  now: number,
  events: number
): [Partial<Event['event']>, Partial<Event>] {
  const total = noCounts()
  const hosts = { total: stats.size, ok: 0, changed: 0, failed: 0, unreachable: 0 }
  for (const counts of stats.values()) {
    for (const name of Object.keys(total) as (keyof Counts)[]) total[name] += counts[name]
    if (counts.failures > 0) hosts.failed += 1
    else if (counts.unreachable > 0) hosts.unreachable += 1
    else if (counts.changed > 0) hosts.changed += 1
    else hosts.ok += 1
  }
  const bad = hosts.failed > 0 ? 'failed' : hosts.unreachable > 0 ? 'unreachable' : undefined
  const status = bad ?? (hosts.changed > 0 ? 'changed' : 'success')
  return [
    {
      action: 'run.finished',
      type: ['end'],
      outcome: bad === undefined ? 'success' : 'failure',
      start: timestamp(startMs),
      end: timestamp(now),
      duration: Math.round((now - startMs) * 1e6)
    },
    { run: { ...run, status, events }, ansible: { stats: total, hosts } }
  ]
}

/** Half of them by Ctrl-C, as the callback says; the others were killed, as the shipper says. */
function aborted(plan: RunPlan, events: number, now: number): Event {
  const isInterrupted = plan.startMs % 2 === 0
  const { run } = plan
  const event = eventOf(
    plan,
    isInterrupted ? events : 0,
    now + 1_000,
    { action: 'run.aborted', type: ['end'], outcome: 'unknown' },
    isInterrupted
      ? {
          run: { id: run.id, name: run.name, status: 'aborted', reason: 'interrupted', events: events + 1 },
          error: { message: 'Interrupted by Ctrl-C.' }
        }
      : {
          run: { id: run.id, status: 'aborted', reason: 'killed', events },
          error: { message: 'The Ansible process (pid 4711) was gone without a word.' }
        }
  )
  return isInterrupted
    ? event
    : { ...event, event: { ...event.event, id: `${run.id}:s0`, provider: 'shipper' } }
}
