import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Event } from '../../server/event-types.ts'
import { addDuration, percentilesOf, rangeOf } from '../../server/index/durations.ts'
import type { ResultStatus, Store } from '../../server/index/store.ts'
import type { EventFilter, Percentiles, RunFilter } from '../../server/index/summaries.ts'
import { limits } from '../../server/limits.ts'
import { batchOf, type RunOfEvents, runId, runOfEvents } from './fixtures.ts'

/** Opens an empty store for events of the journal JOURNAL_ID, and takes it away when the test is over. */
export type OpenSummaries = (t: TestContext) => Promise<Store>

const DAY_MS = 86_400_000
/** A Thursday. */
const START = Date.UTC(2026, 10, 5, 9, 30)
const MONDAY = '2026-11-02T00:00:00.000Z'
const KEY = 'a'.repeat(40)
const OTHER_KEY = 'b'.repeat(40)

interface ResultParts {
  '@timestamp'?: string
  task?: Partial<NonNullable<NonNullable<Event['ansible']>['task']>>
  attempts?: number
  duration?: number
}

/** A result with more than a status. */
function result(run: RunOfEvents, host: string, status: ResultStatus, more: ResultParts = {}): Event {
  const { task, attempts, duration, ...rest } = more
  const event = run.result(host, status)
  return {
    ...event,
    ...rest,
    event: { ...event.event, ...(duration !== undefined && { duration }) },
    ansible: {
      ...event.ansible,
      task: { id: 'install', name: 'install', occurrence: event.event.sequence ?? 0, ...task },
      result: { status, ...(attempts !== undefined && { attempts }) }
    }
  }
}

function finished(run: RunOfEvents, status: 'success' | 'changed' | 'failed', duration: number): Event {
  const event = run.finished(status)
  return { ...event, event: { ...event.event, duration } }
}

function percentiles(...durations: number[]): Percentiles | undefined {
  const counts = new Map<number, number>()
  for (const duration of durations) addDuration(counts, rangeOf(duration))
  return percentilesOf(counts)
}

const counts = (some: Partial<Record<ResultStatus, number>>) => ({
  ...{ ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 },
  ...some
})

/** What every store promises in server/index/summaries.ts, example by example. */
export function testSummariesContract(open: OpenSummaries): void {
  testHosts(open)
  testRuns(open)
  testTasks(open)
  testEvents(open)

  test('an event without a run, a host and a task is counted as an event, and nowhere else', async (t) => {
    const store = await open(t)
    const { run: _run, user: _user, ...event } = runOfEvents(START).next('spool.dropped')
    await store.write(batchOf([event]))
    assert.deepEqual(await store.hosts({}), [])
    assert.deepEqual(await store.playbooks({}), [])
    assert.deepEqual(await store.users({}), [])
    assert.deepEqual(await store.tasks({}), [])
    const facets = [{ field: 'host.name', values: [], others: 0 }]
    assert.deepEqual(await store.facets({}, ['host.name'], 10), facets)
    const histogram = [{ '@timestamp': '2026-11-05T00:00:00.000Z', events: 1, statuses: {} }]
    assert.deepEqual(await store.histogram({}, 'day'), histogram)
    assert.deepEqual(await store.hostRuns({ host: 'web-1', limit: 10 }), { items: [] })
  })

  test('a question that is broken off is rejected with the reason', async (t) => {
    const store = await open(t)
    await store.write(batchOf([runOfEvents(START).result('web-1', 'ok')]))
    const reason = new Error('nobody waits')
    const signal = AbortSignal.abort(reason)
    const questions = [
      store.hosts({}, signal),
      store.hostRuns({ host: 'web-1', limit: 1 }, signal),
      store.playbooks({}, signal),
      store.users({}, signal),
      store.tasks({}, signal),
      store.facets({}, ['status'], 1, signal),
      store.histogram({}, 'day', signal)
    ]
    for (const question of await Promise.allSettled(questions))
      assert.deepEqual(question, { status: 'rejected', reason })
  })

  test('more groups than the limit are refused, and as many as that are not', async (t) => {
    const store = await open(t)
    const runs = runOfEvents(START)
    const hosts = Array.from({ length: limits.groupsMax + 1 }, (_, n) => runs.result(`h${n}`, 'ok'))
    for (let at = 0; at < hosts.length; at += 2_000)
      await store.write(batchOf(hosts.slice(at, at + 2_000), at))
    await assert.rejects(store.hosts({}), { code: 'too_many_groups' })
    const toMs = START + limits.groupsMax * 1000
    assert.equal((await store.hosts({ toMs })).length, limits.groupsMax)
  })
}

function testHosts(open: OpenSummaries): void {
  test('a host is told by its results: how they ended, in how many runs, and what came last', async (t) => {
    const store = await open(t)
    const first = runOfEvents(START)
    const second = runOfEvents(START + DAY_MS, { which: 1, name: 'deploy.yml', user: 'bob' })
    const events = [
      first.started(),
      result(first, 'web-1', 'changed'),
      result(first, 'web-1', 'ok'),
      result(first, 'web-2', 'unreachable'),
      first.next('item.result', { host: { name: 'web-1' }, ansible: { result: { status: 'failed' } } }),
      result(second, 'web-1', 'failed'),
      result(second, 'web-1', 'changed', { task: { check_mode: true } }),
      result(second, 'web-1', 'skipped')
    ]
    await store.write(batchOf(events))
    const seen = (event: Event | undefined) => ({
      '@timestamp': event?.['@timestamp'],
      run: event?.run,
      user: event?.user
    })
    const expected = [
      {
        host: { name: 'web-1' },
        results: counts({ ok: 1, changed: 2, failed: 1, skipped: 1 }),
        runs: 2,
        last_run: seen(events[7]),
        last_change: seen(events[1]),
        last_failure: seen(events[5])
      },
      {
        host: { name: 'web-2' },
        results: counts({ unreachable: 1 }),
        runs: 1,
        last_run: seen(events[3]),
        last_failure: seen(events[3])
      }
    ]
    assert.deepEqual(byName(await store.hosts({})), expected)
  })

  test('what came last is told by the microsecond, and within the same one by the place in the journal', async (t) => {
    const store = await open(t)
    const runs = [0, 1, 2, 3].map((which) => runOfEvents(START, { which, user: `user-${which}` }))
    const times = ['00.000002Z', '00.000001Z', '00.000002Z', '00.000Z'].map(
      (end) => `2026-11-05T09:30:${end}`
    )
    const events = runs.map((run, at) => result(run, 'web-1', 'changed', { '@timestamp': times[at] ?? '' }))
    // In pieces and backwards: the order in which they are written says nothing.
    for (const at of [3, 2, 1, 0]) await store.write(batchOf(events.slice(at, at + 1), at))
    const [host] = await store.hosts({})
    const last = {
      '@timestamp': times[2],
      run: { id: runs[2]?.id, name: 'site.yml' },
      user: { name: 'user-2' }
    }
    assert.deepEqual([host?.last_run, host?.last_change], [last, last])
    const [before] = await store.hosts({ toMs: START + 0.002 })
    assert.deepEqual(before?.last_run.user, { name: 'user-1' })
    assert.equal(before?.runs, 2)
  })

  test('hosts are summed up of the results that pass the filter alone', async (t) => {
    const store = await open(t)
    const site = runOfEvents(START)
    const deploy = runOfEvents(START + DAY_MS, { which: 1, name: 'deploy.yml', user: 'bob' })
    await store.write(
      batchOf([
        result(site, 'web-1', 'changed', { '@timestamp': '2026-11-05T09:30:00.123456Z' }),
        result(site, 'web-2', 'ok', { task: { name: 'Restart nginx' } }),
        result(deploy, 'web-1', 'failed', { task: { key: KEY } })
      ])
    )
    const [ofSite, ofDeploy] = [{ 'web-1': 'changed', 'web-2': 'ok' }, { 'web-1': 'failed' }]
    const asked: [EventFilter, Record<string, string>][] = [
      [{ playbook: 'site*' }, ofSite],
      [{ user: 'bob' }, ofDeploy],
      [{ runId: site.id }, ofSite],
      [{ runId: runId(START, 99) }, {}],
      [{ host: '*-2' }, { 'web-2': 'ok' }],
      [{ host: 'web-1', status: 'changed' }, { 'web-1': 'changed' }],
      [{ status: 'running' }, {}],
      [{ taskKey: KEY }, ofDeploy],
      [{ action: 'host.result', fromMs: START + DAY_MS }, ofDeploy],
      [{ action: 'run.started' }, {}],
      [{ fromMs: START + 123.456, toMs: START + 123.457 }, { 'web-1': 'changed' }],
      [{ fromMs: START + 123.457, toMs: START + DAY_MS }, { 'web-2': 'ok' }],
      [{ toMs: START + 123.456 }, {}],
      [{ matching: parseQuery('nginx OR status:failed', 0) }, { 'web-1': 'failed', 'web-2': 'ok' }],
      [{ matching: parseQuery('status:ok', 0), host: 'web-1' }, {}]
    ]
    for (const [filter, expected] of asked) {
      const hosts = byName(await store.hosts(filter))
      const found = hosts.map(({ host, results }) => [host.name, statusIn(results)])
      assert.deepEqual(Object.fromEntries(found), expected, JSON.stringify(filter))
    }
  })

  test('the runs of a host have its results, of each task the last one, and come in pages', async (t) => {
    const store = await open(t)
    const runs = [0, 1, 2].map((which) => runOfEvents(START + which, { which }))
    const [one, two, three] = runs as [RunOfEvents, RunOfEvents, RunOfEvents]
    await store.write(
      batchOf([
        one.started(),
        one.result('web-1', 'failed'),
        one.result('web-1', 'ok'),
        one.result('web-1', 'changed', 'restart'),
        one.result('web-10', 'failed'),
        one.finished('failed'),
        two.result('web-10', 'ok'),
        three.result('web-1', 'unreachable')
      ])
    )
    const first = await store.hostRuns({ host: 'web-1', limit: 1 })
    const second = await store.hostRuns({ host: 'web-1', limit: 1, after: first.next })
    assert.equal(second.next, undefined)
    const [young] = first.items
    assert.deepEqual([young?.run.id, young?.results], [three.id, counts({ unreachable: 1 })])
    const [old] = second.items
    assert.deepEqual(old?.host, { name: 'web-1' })
    assert.deepEqual(old.results, counts({ ok: 1, changed: 1 }))
    const [run] = (await store.runs({ id: one.id, limit: 1 })).items
    const { host: _host, results: _results, ...document } = old
    assert.deepEqual(document, run)
    assert.deepEqual((await store.hostRuns({ host: 'web-*', limit: 9 })).items, [], 'a name, no pattern')
    const failed = await store.hostRuns({ host: 'web-1', limit: 9, status: 'failed', user: 'alice' })
    assert.deepEqual(
      failed.items.map((item) => item.run.id),
      [one.id]
    )
  })
}

function testRuns(open: OpenSummaries): void {
  test('a playbook is told by its runs: how they ended, how long they took, and week by week', async (t) => {
    const store = await open(t)
    // The last millisecond of a week, the first of the next one, and three days later.
    const sunday = Date.UTC(2026, 10, 1, 23, 59, 59, 999)
    const starts = [sunday, sunday + 1, START, START + 1]
    const runs = starts.map((ms, which) => runOfEvents(ms, { which, user: which === 3 ? 'bob' : 'alice' }))
    const [old, next, young, latest] = runs as [RunOfEvents, RunOfEvents, RunOfEvents, RunOfEvents]
    const other = runOfEvents(START, { which: 9, name: 'deploy.yml' })
    await store.write(
      batchOf([
        old.started(),
        finished(old, 'success', 1_000_000_000),
        next.started(),
        finished(next, 'failed', 3_000_000_000),
        young.started(),
        // Nobody measured it: it took a second by the events' times.
        young.aborted(),
        latest.started(),
        other.started()
      ])
    )
    const none = { success: 0, changed: 0, failed: 0, unreachable: 0, aborted: 0, running: 0 }
    const week = percentiles(3_000_000_000, 1_000_000_000)
    const playbooks = await store.playbooks({})
    assert.equal(playbooks.length, 2)
    assert.deepEqual(
      playbooks.find(({ run }) => run.name === 'site.yml'),
      {
        run: { name: 'site.yml' },
        runs: { ...none, success: 1, failed: 1, aborted: 1, running: 1 },
        failure_rate: 2 / 3,
        last_run: {
          '@timestamp': '2026-11-05T09:30:00.001Z',
          run: { id: latest.id, name: 'site.yml', status: 'running' },
          user: { name: 'bob' }
        },
        last_success: {
          '@timestamp': '2026-11-01T23:59:59.999Z',
          run: { id: old.id, name: 'site.yml', status: 'success' },
          user: { name: 'alice' }
        },
        duration: percentiles(1_000_000_000, 3_000_000_000, 1_000_000_000),
        weeks: [
          {
            '@timestamp': '2026-10-26T00:00:00.000Z',
            runs: 1,
            failed: 0,
            duration: percentiles(1_000_000_000)
          },
          { '@timestamp': MONDAY, runs: 3, failed: 2, duration: week }
        ]
      }
    )
    assert.deepEqual(
      playbooks.find(({ run }) => run.name === 'deploy.yml'),
      {
        run: { name: 'deploy.yml' },
        runs: { ...none, running: 1 },
        last_run: {
          '@timestamp': '2026-11-05T09:30:00.000Z',
          run: { id: other.id, name: 'deploy.yml', status: 'running' },
          user: { name: 'alice' }
        },
        weeks: [{ '@timestamp': MONDAY, runs: 1, failed: 0 }]
      }
    )
  })

  test('playbooks and users are summed up of the runs that pass the filter alone', async (t) => {
    const store = await open(t)
    const site = runOfEvents(START)
    const deploy = runOfEvents(START + 1, { which: 1, name: 'deploy.yml', user: 'bob' })
    await store.write(
      batchOf([
        site.started({ labels: { team: 'web' } }),
        site.result('web-1', 'ok'),
        site.finished('success'),
        deploy.started(),
        deploy.result('db-1', 'failed')
      ])
    )
    const [ofSite, ofDeploy] = [['site.yml'], ['deploy.yml']]
    const asked: [RunFilter, string[]][] = [
      [{ playbook: '*/site.yml' }, ofSite],
      [{ playbook: 'd*' }, ofDeploy],
      [{ host: 'web-*' }, ofSite],
      [{ user: 'bob' }, ofDeploy],
      [{ status: 'success' }, ofSite],
      [{ fromMs: START + 0.5 }, ofDeploy],
      [{ toMs: START + 1 }, ofSite],
      [{ matching: parseQuery('labels.team:web', 0, 'runs') }, ofSite],
      [{ matching: parseQuery('host:db-1', 0, 'runs'), status: 'success' }, []]
    ]
    for (const [filter, expected] of asked) {
      const playbooks = await store.playbooks(filter)
      const users = await store.users(filter)
      assert.deepEqual(
        playbooks.map(({ run }) => run.name),
        expected,
        JSON.stringify(filter)
      )
      assert.deepEqual(
        users.map(({ user }) => user.name),
        expected.map((name) => (name === 'site.yml' ? 'alice' : 'bob')),
        JSON.stringify(filter)
      )
    }
  })

  test('a user is told by the runs that she started, also before their start has arrived', async (t) => {
    const store = await open(t)
    const runs = ['site.yml', 'site.yml', 'deploy.yml'].map((name, which) =>
      runOfEvents(START + which, { which, name })
    )
    const [one, two, three] = runs as [RunOfEvents, RunOfEvents, RunOfEvents]
    await store.write(
      batchOf([one.started(), one.finished('changed'), two.result('web-1', 'ok'), three.aborted()])
    )
    assert.deepEqual(await store.users({}), [
      {
        user: { name: 'alice' },
        runs: { running: 1, success: 0, changed: 1, failed: 0, unreachable: 0, aborted: 1 },
        failure_rate: 1 / 2,
        playbooks: 2,
        last_run: {
          '@timestamp': '2026-11-05T09:30:00.002Z',
          run: { id: three.id, name: 'deploy.yml', status: 'aborted' },
          user: { name: 'alice' }
        }
      }
    ])
  })
}

function testTasks(open: OpenSummaries): void {
  test('a task is told by its results in all runs: how often it failed, changed, succeeded late, and how long it took', async (t) => {
    const store = await open(t)
    const old = runOfEvents(START - 7 * DAY_MS)
    const young = runOfEvents(START, { which: 1 })
    const task = { key: KEY, name: 'Install nginx', action: 'ansible.builtin.package', path: '/srv/web.yml' }
    const events = [
      result(old, 'web-1', 'failed', { task: { ...task, name: 'Old name' }, duration: 1_000_000 }),
      result(young, 'web-1', 'ok', { task, duration: 2_000_000, attempts: 3 }),
      result(young, 'web-2', 'changed', { task, duration: 4_000_000, attempts: 1 }),
      result(young, 'web-3', 'failed', { task, attempts: 3 }),
      result(young, 'web-4', 'unreachable', { task, duration: 9_000_000_000 }),
      result(young, 'web-5', 'skipped', { task, duration: 0 }),
      result(young, 'web-6', 'skipped', { task: { key: OTHER_KEY, role: 'web' } }),
      result(young, 'web-7', 'ok')
    ]
    await store.write(batchOf(events))
    const tasks = await store.tasks({})
    assert.equal(tasks.length, 2, 'a result without a key is of no task')
    const expected = {
      ansible: { task },
      results: counts({ ok: 1, changed: 1, failed: 2, skipped: 2 - 1, unreachable: 1 }),
      flaky: 1,
      failure_rate: 3 / 5,
      change_rate: 1 / 5,
      flake_rate: 1 / 5,
      duration: percentiles(1_000_000, 2_000_000, 4_000_000),
      last_result: { '@timestamp': events[5]?.['@timestamp'], run: events[5]?.run, user: { name: 'alice' } },
      weeks: [
        {
          '@timestamp': '2026-10-26T00:00:00.000Z',
          results: 1,
          changed: 0,
          failed: 1,
          duration: percentiles(1_000_000)
        },
        {
          '@timestamp': MONDAY,
          results: 5,
          changed: 1,
          failed: 2,
          duration: percentiles(2_000_000, 4_000_000)
        }
      ]
    }
    assert.deepEqual(
      tasks.find(({ ansible }) => ansible.task.key === KEY),
      expected
    )
    assert.deepEqual(
      tasks.find(({ ansible }) => ansible.task.key === OTHER_KEY),
      {
        ansible: { task: { key: OTHER_KEY, name: 'install', role: 'web' } },
        results: counts({ skipped: 1 }),
        flaky: 0,
        last_result: {
          '@timestamp': events[6]?.['@timestamp'],
          run: events[6]?.run,
          user: { name: 'alice' }
        },
        weeks: [{ '@timestamp': MONDAY, results: 1, changed: 0, failed: 0 }]
      }
    )
    assert.deepEqual(await store.tasks({ taskKey: KEY }), [expected])
    const [before] = await store.tasks({ toMs: START, matching: parseQuery('status:failed', 0) })
    assert.deepEqual(before?.ansible.task.name, 'Old name')
    assert.deepEqual(before.results, counts({ failed: 1 }))
  })

  test('percentiles are of the nearest rank, to 3 %', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const durations = Array.from({ length: 40 }, (_, n) => (n + 1) ** 5 * 1_000)
    await store.write(
      batchOf(durations.map((duration) => result(run, 'web-1', 'ok', { task: { key: KEY }, duration })))
    )
    const [task] = await store.tasks({})
    for (const [found, rank] of [
      [task?.duration?.p50, 20],
      [task?.duration?.p95, 38]
    ] as const) {
      const exact = durations[rank - 1] ?? 0
      assert.ok(Math.abs(Number(found) - exact) <= exact * 0.03, `${found} is not ${exact}`)
    }
  })
}

function testEvents(open: OpenSummaries): void {
  test('facets count all events, the greatest counts first, and what is not named', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    await store.write(
      batchOf([
        run.started(),
        run.result('web-2', 'ok'),
        run.result('web-1', 'ok'),
        run.result('web-3', 'failed'),
        run.result('web-3', 'ok'),
        run.next('run.heartbeat'),
        run.finished('failed')
      ])
    )
    assert.deepEqual(
      await store.facets({}, ['host.name', 'status', 'event.action', 'user.name', 'run.name'], 2),
      [
        {
          field: 'host.name',
          values: [
            { value: 'web-3', events: 2 },
            { value: 'web-1', events: 1 }
          ],
          others: 1
        },
        {
          field: 'status',
          values: [
            { value: 'ok', events: 3 },
            { value: 'failed', events: 2 }
          ],
          others: 1
        },
        {
          field: 'event.action',
          values: [
            { value: 'host.result', events: 4 },
            { value: 'run.finished', events: 1 }
          ],
          others: 2
        },
        { field: 'user.name', values: [{ value: 'alice', events: 7 }], others: 0 },
        { field: 'run.name', values: [{ value: 'site.yml', events: 7 }], others: 0 }
      ]
    )
    const filter = { status: 'failed' as const, matching: parseQuery('host:*', 0) }
    assert.deepEqual(await store.facets(filter, ['event.action'], 10), [
      { field: 'event.action', values: [{ value: 'host.result', events: 1 }], others: 0 }
    ])
    assert.deepEqual(await store.facets({}, [], 10), [])
  })

  test('a histogram has the intervals with events, which begin in UTC, and weeks on Monday', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    const sunday = '2026-11-01T23:59:59.999999Z'
    const monday = '2026-11-02T00:00:00Z'
    const events = [
      run.next('run.heartbeat', { '@timestamp': monday }),
      result(run, 'web-1', 'ok', { '@timestamp': sunday }),
      run.started({ '@timestamp': '2026-11-02T00:00:59.999Z' }),
      result(run, 'web-1', 'failed', { '@timestamp': '2026-11-02T01:00:00Z' }),
      result(run, 'web-1', 'failed', { '@timestamp': '2026-11-08T23:59:59Z' })
    ]
    await store.write(batchOf(events))
    const of = async (interval: 'minute' | 'hour' | 'day' | 'week', filter: EventFilter = {}) =>
      (await store.histogram(filter, interval)).map(({ '@timestamp': time, events: count, statuses }) => [
        time.slice(0, 16),
        count,
        statuses
      ])
    assert.deepEqual(await of('minute'), [
      ['2026-11-01T23:59', 1, { ok: 1 }],
      ['2026-11-02T00:00', 2, { running: 1 }],
      ['2026-11-02T01:00', 1, { failed: 1 }],
      ['2026-11-08T23:59', 1, { failed: 1 }]
    ])
    assert.deepEqual(await of('hour'), [
      ['2026-11-01T23:00', 1, { ok: 1 }],
      ['2026-11-02T00:00', 2, { running: 1 }],
      ['2026-11-02T01:00', 1, { failed: 1 }],
      ['2026-11-08T23:00', 1, { failed: 1 }]
    ])
    assert.deepEqual(await of('day'), [
      ['2026-11-01T00:00', 1, { ok: 1 }],
      ['2026-11-02T00:00', 3, { running: 1, failed: 1 }],
      ['2026-11-08T00:00', 1, { failed: 1 }]
    ])
    assert.deepEqual(await of('week'), [
      ['2026-10-26T00:00', 1, { ok: 1 }],
      ['2026-11-02T00:00', 4, { running: 1, failed: 2 }]
    ])
    assert.deepEqual(await of('week', { status: 'failed', fromMs: Date.UTC(2026, 10, 3) }), [
      ['2026-11-02T00:00', 1, { failed: 1 }]
    ])
    const [first] = await store.histogram({}, 'week')
    assert.equal(first?.['@timestamp'], '2026-10-26T00:00:00.000Z')
  })
}

function byName<Item extends { host: { name: string } }>(hosts: Item[]): Item[] {
  return hosts.sort((one, other) => (one.host.name < other.host.name ? -1 : 1))
}

/** The status of the only result. */
function statusIn(results: Record<string, number>): string | undefined {
  return Object.keys(results).find((status) => results[status] === 1)
}
