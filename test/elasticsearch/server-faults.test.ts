import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import type { Event } from '../../server/event-types.ts'
import { BulkWriter } from '../../server/index/elasticsearch/bulk.ts'
import { writeNamesOf } from '../../server/index/elasticsearch/names.ts'
import { createPace } from '../../server/index/elasticsearch/pace.ts'
import type { RunChange } from '../../server/index/elasticsearch/run-fold.ts'
import { openRunWriter } from '../../server/index/elasticsearch/run-writer.ts'
import { limits } from '../../server/limits.ts'
import { MemoryJournal } from '../index/memory.ts'
import { onEnd } from '../support/cleanup.ts'
import { type ElasticsearchDouble, startDouble } from '../support/elasticsearch-double.ts'
import { newNamespace } from './stores.ts'
import { assertIndexed, eventsOfRuns, type Server, startServer, until } from './trail.ts'

// Faults that a real Elasticsearch cannot be made to have, one by one; any-faults.test.ts mixes them.

interface World {
  double: ElasticsearchDouble
  events: Event[]
  server: Server
  assertIndexed(refused?: string[]): Promise<void>
}

async function world(
  t: TestContext,
  prepare: (double: ElasticsearchDouble, events: readonly Event[]) => void
): Promise<World> {
  const double = await startDouble(t)
  const namespace = newNamespace()
  const journal = new MemoryJournal([11])
  const events = eventsOfRuns(4, 48)
  journal.append(...events)
  prepare(double, events)
  const server = startServer(t, { url: double.url, journal, namespace, impatience: 0.01 })
  return {
    ...{ double, events, server },
    async assertIndexed(refused) {
      await server.follower.idle()
      await assertIndexed(double, namespace, events, refused)
    }
  }
}

test('a server that takes 300 ms for an answer is sent 200 of 200 events', async (t) => {
  const { events, server, assertIndexed } = await world(t, (double) => {
    double.delayMs = 300
  })
  assert.equal(events.length, 200)
  await assertIndexed()
  assert.deepEqual(server.refused, [])
})

test('an event on which the server fails for ever is refused, and the others are written', async (t) => {
  const { events, server, assertIndexed } = await world(t, (double, all) => {
    double.spoiled.set(all[7]?.event.id ?? '', 'fails')
  })
  await assertIndexed([events[7]?.event.id ?? ''])
  const [refused, ...others] = server.refused
  assert.deepEqual([refused?.index, refused?.eventId, others], [7, events[7]?.event.id, []])
  const [, times] = /^planned_fault: not taken \((\d+) times\)$/.exec(refused?.reason ?? '') ?? []
  // Beside others, and then alone: they are written after its first failure.
  assert.ok(Number(times) >= limits.bulkItemTriesMax)
})

test('an event that was put into the failure store is refused, and the others are written', async (t) => {
  const { events, server, assertIndexed } = await world(t, (double, all) => {
    double.spoiled.set(all[20]?.event.id ?? '', 'failure store')
  })
  await assertIndexed([events[20]?.event.id ?? ''])
  assert.deepEqual(
    server.refused.map(({ index, reason }) => [index, /failure store/.test(reason)]),
    [[20, true]]
  )
})

test('a key that is not known any more drops nothing, and the trouble is said until it is mended', async (t) => {
  const unknown = { kind: 'answers', status: 401 } as const
  const { server, double, assertIndexed } = await world(t, () => undefined)
  await until(() => double.bulkRequests > 0)
  double.faults.push(...Array.from({ length: 40 }, () => unknown))
  await until(() => /does not know the API key/.test(server.follower.lastError ?? ''))
  double.faults.length = 0
  await assertIndexed()
  assert.deepEqual(server.refused, [])
  assert.equal(server.store.trouble, undefined)
})

test('an answer that lacks an item settles nothing', async (t) => {
  const { server, assertIndexed } = await world(t, (double) => {
    double.faults.push(...Array.from({ length: 12 }, () => ({ kind: 'lacks items' as const })))
  })
  await assertIndexed()
  assert.deepEqual(server.refused, [])
})

test('who waits is told when the writer is closed, and no timer of a long pause is left', async (t) => {
  const double = await startDouble(t)
  double.faults.push(...Array.from({ length: 20 }, () => ({ kind: 'answers' as const, status: 503 })))
  const client = new Client({ node: double.url, maxRetries: 0 })
  onEnd(t, () => client.close())
  const pace = { ...createPace(), requestsMax: 2, failed: () => 600_000 }
  const bulk = new BulkWriter({ client, log: { warn: () => undefined, info: () => undefined }, pace })
  const runs = openRunWriter(client, bulk, writeNamesOf(1, true, 'x'))
  const change = { runId: 'run' } as RunChange
  const operation = { id: 'a', target: 'logs-a', action: '{}', source: '{}', isAppend: true }
  // The second one of the runs waits for the round of the first.
  const all = [
    bulk.send([operation]),
    bulk.ask(() => client.mget({ index: 'a', ids: ['a'] })),
    runs.write([change]),
    runs.write([change])
  ]
  const outcomes = Promise.allSettled(all)
  await until(() => /503/.test(bulk.trouble ?? '') && double.faults.length < 18)
  bulk.close()
  const stopped = (await outcomes).map((outcome) => outcome.status === 'rejected' && String(outcome.reason))
  assert.deepEqual(stopped, Array(4).fill('Error: writing to Elasticsearch was stopped'))
})
