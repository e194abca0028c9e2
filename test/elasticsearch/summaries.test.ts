import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aliasesOf } from '../../server/index/elasticsearch/names.ts'
import { countsOf } from '../../server/index/elasticsearch/summaries/groups.ts'
import { sumUpHosts } from '../../server/index/elasticsearch/summaries/hosts.ts'
import { limits } from '../../server/limits.ts'
import { batchOf, runOfEvents } from '../index/fixtures.ts'
import { testSummariesContract } from '../index/summaries-contract/contract.ts'
import { testSummariesProperties } from '../index/summaries-properties.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { clientOf, newNamespace, openStore } from './stores.ts'

const reason = whyNoElasticsearch()
const START = Date.UTC(2026, 10, 5, 9, 30)

if (reason === undefined) {
  testSummariesContract((t) => openStore(t))
  testSummariesProperties((t) => openStore(t), { cases: 12 })

  test('of an index that has no event yet there is nothing to sum up', async (t) => {
    const store = await openStore(t, { journalEnd: 0 })
    assert.deepEqual(await store.hosts({}), [])
    assert.deepEqual(await store.playbooks({}), [])
    assert.deepEqual(await store.users({}), [])
    assert.deepEqual(await store.tasks({}), [])
    assert.deepEqual(await store.histogram({}, 'day'), [])
    assert.deepEqual(await store.hostRuns({ host: 'web-1', limit: 10 }), { items: [] })
    const nothing = [{ field: 'status', values: [], others: 0 }]
    assert.deepEqual(await store.facets({}, ['status'], 10), nothing)
  })

  test('counts that do not fit into one answer are the same', async (t) => {
    const namespace = newNamespace()
    const client = await clientOf(t)
    const store = await openStore(t, { namespace, client })
    const runs = [0, 1, 2, 3, 4].map((which) => runOfEvents(START + which, { which }))
    const hosts = ['web-1', 'web-2']
    await store.write(batchOf(runs.flatMap((run) => hosts.map((host) => run.result(host, 'ok')))))
    const names = aliasesOf(namespace)
    const asking = {
      client,
      names,
      signal: new AbortController().signal,
      questionMsMax: limits.questionMsMax
    }
    const found = await sumUpHosts(asking, {}, 2)
    assert.deepEqual(
      found.map((host) => host.runs),
      [5, 5]
    )
    assert.deepEqual(found, await store.hosts({}))
    const by = { run: { terms: { field: 'run.id' } }, host: { terms: { field: 'host.name' } } }
    const of = (size: number) => Array.fromAsync(countsOf(asking, names.events, [], by, size))
    const whole = await of(100)
    assert.equal(whole.length, 10)
    for (const size of [1, 3, 5, 10]) assert.deepEqual(await of(size), whole)
  })

  test('what several servers wrote is summed up as one, also where events came through two of them', async (t) => {
    const namespace = newNamespace()
    const journals = ['6f1c2a34-5b1e-4d5c-9a6b-000000000001', '6f1c2a34-5b1e-4d5c-9a6b-000000000002']
    const stores = await Promise.all(journals.map((journalId) => openStore(t, { namespace, journalId })))
    const run = runOfEvents(START)
    const parts = [
      [run.started(), run.result('web-1', 'ok'), run.result('web-1', 'failed')],
      [run.result('web-1', 'changed', 'restart'), run.finished('failed')]
    ] as const
    for (const [at, store] of stores.entries()) {
      const own = parts[at] ?? []
      const again = parts[0].slice(1)
      for (const events of [own, again]) {
        const batch = batchOf([...events], events === own ? 0 : 10)
        await store.write({ ...batch, journalId: journals[at] ?? '' })
      }
    }
    for (const store of stores) {
      const [host, ...others] = await store.hosts({})
      assert.deepEqual(host?.results, { ok: 1, changed: 1, failed: 1, skipped: 0, unreachable: 0 })
      assert.deepEqual([host?.runs, others], [1, []])
      assert.equal((await store.histogram({}, 'week'))[0]?.events, 5)
      const [playbook] = await store.playbooks({})
      assert.equal(playbook?.runs.failed, 1)
    }
  })
} else test('what Elasticsearch sums up is what a store promises', { skip: reason })
