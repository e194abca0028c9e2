import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../server/limits.ts'
import { batchOf, runOfEvents } from '../fixtures.ts'
import { type OpenSummaries, START } from './build.ts'
import { testEvents } from './events.ts'
import { testHosts } from './hosts.ts'
import { testRuns } from './runs.ts'
import { testTasks } from './tasks.ts'

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
