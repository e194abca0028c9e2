import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from '../../../server/ask/query/parse.ts'
import { limits } from '../../../server/limits.ts'
import { batchOf, runOfEvents } from '../fixtures.ts'
import { KEY, type OpenSummaries, result, START } from './build.ts'
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

  test('hosts and tasks have no results of another action, whether a filter or the query asks for it', async (t) => {
    const store = await open(t)
    await store.write(batchOf([result(runOfEvents(START), 'web-1', 'ok', { task: { key: KEY } })]))
    for (const asked of [{ action: 'run.started' }, { matching: parseQuery('action:run.started', 0) }]) {
      assert.deepEqual(await store.hosts(asked), [])
      assert.deepEqual(await store.tasks(asked), [])
    }
    assert.equal((await store.hosts({ matching: parseQuery('action:host.result', 0) })).length, 1)
  })

  test('a question that is broken off, before it is asked or after, is rejected with the reason', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    await store.write(batchOf([run.result('web-1', 'ok')]))
    const reason = new Error('nobody waits')
    const ask = (signal: AbortSignal): Promise<unknown>[] => [
      store.runs({ limit: 1 }, signal),
      store.results({ runId: run.id, limit: 1 }, signal),
      store.events({ order: 'asc', limit: 1 }, signal),
      store.eventParts({ order: 'asc', limit: 1, fields: ['host.name'] }, signal),
      store.outline(run.id, signal),
      store.hosts({}, signal),
      store.hostRuns({ host: 'web-1', limit: 1 }, signal),
      store.playbooks({}, signal),
      store.users({}, signal),
      store.tasks({}, signal),
      store.facets({}, ['status'], 1, signal),
      store.histogram({}, 'day', signal)
    ]
    const leaving = new AbortController()
    const questions = [...ask(AbortSignal.abort(reason)), ...ask(leaving.signal)]
    leaving.abort(reason)
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
