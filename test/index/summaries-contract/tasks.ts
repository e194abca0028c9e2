import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../server/ask/query/parse.ts'
import { batchOf, runOfEvents } from '../fixtures.ts'
import {
  counts,
  DAY_MS,
  KEY,
  MONDAY,
  type OpenSummaries,
  OTHER_KEY,
  percentiles,
  result,
  START
} from './build.ts'

export function testTasks(open: OpenSummaries): void {
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
