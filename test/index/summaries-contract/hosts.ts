import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../server/ask/query/parse.ts'
import type { Event } from '../../../server/event-types.ts'
import type { EventFilter } from '../../../server/index/summaries.ts'
import { batchOf, type RunOfEvents, runId, runOfEvents } from '../fixtures.ts'
import { counts, DAY_MS, KEY, type OpenSummaries, result, START } from './build.ts'

export function testHosts(open: OpenSummaries): void {
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

function byName<Item extends { host: { name: string } }>(hosts: Item[]): Item[] {
  return hosts.sort((one, other) => (one.host.name < other.host.name ? -1 : 1))
}

/** The status of the only result. */
function statusIn(results: Record<string, number>): string | undefined {
  return Object.keys(results).find((status) => results[status] === 1)
}
