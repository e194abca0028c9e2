import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareResults } from '../../server/ask/compare-results.ts'
import type { Comparison } from '../../server/ask/compare-runs.ts'
import type { Event } from '../../server/event-types.ts'
import type { Outline } from '../../server/index/outline.ts'
import { noResults, type ResultStatus, resultStatuses } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { type PlayedRun, playedRun, taskOf } from '../index/outline-events.ts'
import { eventually } from '../support/eventually.ts'
import { get, post, runningService } from '../support/service.ts'
import { ask } from './app.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const HOUR_MS = 3_600_000

type Cli = NonNullable<NonNullable<Event['ansible']>['cli']>

/** A run of site.yml from `path` with these options. */
function started(run: PlayedRun, cli: Cli, commit: string, path = '/srv/ansible/site.yml'): Event {
  const playbook = { name: 'site.yml', path }
  return run.started({
    ansible: { version: '2.21.5', playbook, cli },
    vcs: { branch: 'main', commit: commit.repeat(40) }
  })
}

/** Yesterday's run went well; today's has another limit and commit, another host and task, and fails on web-1. */
function twoRuns(): { a: PlayedRun; b: PlayedRun; events: Event[] } {
  const a = playedRun(START)
  const b = playedRun(START + HOUR_MS, { user: 'bob' })
  const events = [
    started(a, { tags: ['web', 'db'], check: false, limit: 'web-*' }, 'a'),
    a.play('web'),
    a.task('web', 'install'),
    a.ended('web', 'install', 'web-1', 'ok'),
    a.ended('web', 'install', 'web-2', 'ok'),
    a.ended('web', 'start', 'web-1', 'changed'),
    a.ended('web', 'start', 'web-2', 'failed', { result: { ignored: true } }),
    a.ended('web', 'clean', 'web-2', 'ok'),
    a.finished('changed'),
    started(b, { tags: ['db', 'web'], limit: 'web-*,web-9' }, 'b'),
    b.play('web'),
    b.task('web', 'install'),
    ...Array.from({ length: 9 }, () => b.next('run.heartbeat')),
    b.ended('web', 'install', 'web-1', 'failed'),
    b.ended('web', 'install', 'web-2', 'ok'),
    b.ended('web', 'install', 'web-9', 'ok'),
    b.ended('web', 'start', 'web-2', 'failed'),
    b.ended('web', 'verify', 'web-2', 'ok'),
    b.finished('failed')
  ]
  return { a, b, events }
}

test('a service tells what differs between two runs that it was sent', async (t) => {
  const service = await runningService(t)
  const { a, b, events } = twoRuns()
  await post(service, events.map((event) => JSON.stringify(event)).join('\n'))
  const compared = await eventually(async () => {
    const { body } = await get(service, `/v1/compare?a=${a.id}&b=${b.id}`)
    return body.b?.run.status === 'failed' ? (body as Comparison) : undefined
  })
  assert.equal(compared.playbook, 'same')
  assert.equal(compared.a.run.id, a.id)
  assert.deepEqual(compared.differences, [
    { field: 'run.status', a: 'changed', b: 'failed' },
    { field: 'user.name', a: 'alice', b: 'bob' },
    { field: 'ansible.cli.limit', a: 'web-*', b: 'web-*,web-9' },
    { field: 'vcs.commit', a: 'a'.repeat(40), b: 'b'.repeat(40) }
  ])
  assert.deepEqual(compared.hosts, {
    only_a: { items: [], more: 0 },
    only_b: { items: [{ host: { name: 'web-9' } }], more: 0 }
  })
  const named = ({ items }: { items: { ansible: { task: { name: string } } }[] }) =>
    items.map(({ ansible }) => ansible.task.name)
  assert.deepEqual([named(compared.tasks.only_a), named(compared.tasks.only_b)], [['clean'], ['verify']])
  // From the start to the last result: of `install` 2 s and 12 s.
  assert.deepEqual(
    compared.tasks.durations.items.map(({ ansible, a: one, b: other, ratio }) => [
      ansible.task.name,
      one / 1e9,
      other / 1e9,
      ratio
    ]),
    [
      ['install', 2, 12, 6],
      ['start', 2, 1, 0.5]
    ]
  )
  const shown = compared.results.items.map(({ host, ansible, ...outcomes }) => [
    `${host.name} ${ansible.task.name}`,
    outcomes.a?.status,
    outcomes.b?.status
  ])
  assert.deepEqual(shown, [
    ['web-1 install', 'ok', 'failed'],
    // Ignored in the one run, and not in the other.
    ['web-2 start', 'failed', 'failed'],
    ['web-1 start', 'changed', undefined]
  ])
  assert.equal(compared.results.items[0]?.b?.sequence, 12)
})

test('two runs the other way round differ the other way round, and a run does not differ from itself', async (t) => {
  const { a, b, events } = twoRuns()
  const { app } = await ask(t, events)
  const compared = async (one: string, other: string) =>
    (await app.inject(`/v1/compare?a=${one}&b=${other}`)).json<Comparison>()
  const forth = await compared(a.id, b.id)
  const back = await compared(b.id, a.id)
  const turned = (list: readonly object[]) =>
    list.map(({ a: one, b: other, ...rest }: { a?: unknown; b?: unknown }) => ({
      ...rest,
      ...(other !== undefined && { a: other }),
      ...(one !== undefined && { b: one })
    }))
  assert.deepEqual(turned(back.differences), forth.differences)
  assert.deepEqual(back.hosts, { only_a: forth.hosts.only_b, only_b: forth.hosts.only_a })
  assert.deepEqual(new Set(turned(back.results.items)), new Set(forth.results.items))
  const none = { items: [], more: 0 }
  const same = await compared(a.id, a.id)
  assert.deepEqual(
    [same.differences, same.hosts, same.tasks, same.results],
    [[], { only_a: none, only_b: none }, { only_a: none, only_b: none, durations: none }, none]
  )
})

test('a playbook of the same name in another place is told apart from the same and from another one', async (t) => {
  const runs = [0, 1, 2, 3].map((which) =>
    playedRun(START, { which, name: which === 3 ? 'deploy.yml' : 'site.yml' })
  )
  const paths = ['/srv/site.yml', '/srv/site.yml', '/home/alice/site.yml', '/srv/deploy.yml']
  const { app } = await ask(
    t,
    runs.map((run, at) => started(run, {}, 'a', paths[at]))
  )
  const told = async (which: number) =>
    (await app.inject(`/v1/compare?a=${runs[0]?.id}&b=${runs[which]?.id}`)).json<Comparison>().playbook
  assert.deepEqual([await told(1), await told(2), await told(3)], ['same', 'same_name', 'different'])
})

test('tasks without a key are the same by their role and name, and repeated ones are told by their worst result', async (t) => {
  const [a, b] = [playedRun(START), playedRun(START + HOUR_MS)]
  const withoutKey = (event: Event): Event => {
    const { key: _key, ...task } = event.ansible?.task ?? { id: '', name: '' }
    return { ...event, ansible: { ...event.ansible, task: { ...task, id: event.event.id.slice(-9) } } }
  }
  const events = [
    a.ended('web', 'install', 'web-1', 'changed'),
    b.ended('web', 'install', 'web-1', 'failed'),
    b.ended('web', 'install', 'web-1', 'ok')
  ].map(withoutKey)
  const { app } = await ask(t, events)
  const { tasks, results } = (await app.inject(`/v1/compare?a=${a.id}&b=${b.id}`)).json<Comparison>()
  assert.deepEqual([tasks.only_a.items, tasks.only_b.items], [[], []])
  assert.deepEqual(
    results.items.map(({ a: one, b: other }) => [one?.status, other?.status]),
    [['changed', 'failed']]
  )
})

test('the worst result of a task is the one that the status of its host comes from', async (t) => {
  const ignored = { result: { ignored: true } }
  const rescued = { result: { rescued: true } }
  type Ended = [
    'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable',
    typeof ignored | typeof rescued | undefined
  ]
  const cases: { ended: Ended[]; worst: Ended[0]; counted: Ended[0] }[] = [
    {
      ended: [
        ['failed', ignored],
        ['unreachable', undefined]
      ],
      worst: 'unreachable',
      counted: 'unreachable'
    },
    {
      ended: [
        ['failed', rescued],
        ['changed', undefined]
      ],
      worst: 'changed',
      counted: 'changed'
    },
    {
      ended: [
        ['unreachable', ignored],
        ['failed', undefined]
      ],
      worst: 'failed',
      counted: 'failed'
    },
    {
      ended: [
        ['ok', undefined],
        ['failed', ignored]
      ],
      worst: 'failed',
      counted: 'ok'
    },
    {
      ended: [
        ['skipped', undefined],
        ['unreachable', ignored]
      ],
      worst: 'unreachable',
      counted: 'ok'
    }
  ]
  for (const { ended, worst, counted } of cases) {
    for (const order of [ended, ended.toReversed()]) {
      const [a, b] = [playedRun(START), playedRun(START + HOUR_MS)]
      const results = order.map(([status, more], at) =>
        b.ended('web', 'install', 'web-1', status, { ...more, task: { occurrence: at + 1 } })
      )
      const { app } = await ask(t, [a.ended('web', 'install', 'web-1', 'skipped'), ...results])
      const compared = (await app.inject(`/v1/compare?a=${a.id}&b=${b.id}`)).json<Comparison>()
      const hosts = (await app.inject(`/v1/runs/${b.id}/hosts`)).json<{ items: { status: string }[] }>()
      const told = [compared.results.items[0]?.b?.status, hosts.items[0]?.status]
      assert.deepEqual(told, [worst, counted], JSON.stringify(order))
    }
  }
})

test('lists of a comparison end at their limit and say how many more there would be', async (t) => {
  const [a, b] = [playedRun(START), playedRun(START + HOUR_MS)]
  const hosts = Array.from({ length: limits.compareItemsMax + 3 }, (_, at) => `web-${at}`)
  const events = hosts.flatMap((host) => [
    a.ended('web', 'install', host, 'ok'),
    b.ended('web', 'install', host, 'changed')
  ])
  const { app } = await ask(t, events)
  const { results } = (await app.inject(`/v1/compare?a=${a.id}&b=${b.id}`)).json<Comparison>()
  assert.deepEqual([results.items.length, results.more], [limits.compareItemsMax, 3])
})

/** A run of so many hosts and tasks, all of whose results have this status. */
function largeOutline(hosts: number, tasks: number, status: ResultStatus): Outline {
  const length = hosts * tasks
  const span = { event: {}, results: noResults(), ignored: 0, rescued: 0 }
  return {
    plays: [],
    tasks: Array.from({ length: tasks }, (_, at) => ({
      ...span,
      sequence: at,
      ansible: { play: { id: 'web' }, task: taskOf(`task ${at}`, { key: String(at) }) }
    })),
    hosts: Array.from({ length: hosts }, (_, at) => ({ ...span, host: { name: `web-${at}` } })),
    cells: {
      host: Uint32Array.from({ length }, (_, at) => Math.floor(at / tasks)),
      task: Uint32Array.from({ length }, (_, at) => at % tasks),
      status: new Uint8Array(length).fill(resultStatuses.indexOf(status)),
      flags: new Uint8Array(length),
      sequence: new Float64Array(length),
      duration: new Float64Array(length)
    }
  }
}

test('while large runs are compared others get their turn, and it ends when whoever asked has gone', async () => {
  const [a, b] = [largeOutline(100, 500, 'ok'), largeOutline(100, 500, 'changed')]
  let turns = 0
  let isCompared = false
  const count = (): void => {
    turns++
    if (!isCompared) setImmediate(count)
  }
  setImmediate(count)
  const { items, more } = await compareResults(a, b)
  isCompared = true
  assert.deepEqual([items.length, more], [limits.compareItemsMax, 50_000 - limits.compareItemsMax])
  assert.ok(turns >= 10, `${turns} turns`)

  const client = new AbortController()
  const left = compareResults(a, b, client.signal)
  client.abort()
  await assert.rejects(left, { name: 'AbortError' })
})

test('a run that is not there, one that is not named, and an unknown parameter are refused', async (t) => {
  const { a, b, events } = twoRuns()
  const twin = playedRun(START, { which: 1 })
  const { get: answer } = await ask(t, [...events, twin.started()])
  const missing = await answer(`/v1/compare?a=${a.id}&b=00000000-0000-7000-8000-000000000000`)
  assert.deepEqual([missing.status, missing.body.code], [404, 'run_not_found'])
  const ambiguous = await answer(`/v1/compare?a=${a.id.slice(0, 13)}&b=${b.id}`)
  assert.deepEqual([ambiguous.status, ambiguous.body.code], [409, 'run_ambiguous'])
  const unnamed = await answer(`/v1/compare?a=${a.id}`)
  assert.deepEqual([unnamed.status, unnamed.body.parameter], [400, 'b'])
  const short = await answer(`/v1/compare?a=019a&b=${b.id}`)
  assert.deepEqual([short.status, short.body.parameter], [400, 'a'])
  const unknown = await answer(`/v1/compare?a=${a.id}&b=${b.id}&c=1`)
  assert.deepEqual([unknown.status, unknown.body.parameter], [400, 'c'])
})
