import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import type { Event } from '../../server/event-types.ts'
import { newNamespace } from '../elasticsearch/stores.ts'
import {
  assertIndexed,
  eventsOfRuns,
  indexOf,
  type Server,
  startServer,
  until
} from '../elasticsearch/trail.ts'
import { startCluster, startNode, whyNoNode } from '../elasticsearch-node/launch.ts'
import { MemoryJournal } from '../index/memory.ts'
import { onEnd } from '../support/cleanup.ts'

// Nodes that take little, or go: each with settings of its own, so that every test starts one.

const skip = whyNoNode() ?? false

interface World {
  client: Client
  namespace: string
  journal: MemoryJournal
  events: Event[]
  server: Server
}

async function world(t: TestContext, url: string, events: Event[], sizes = [60]): Promise<World> {
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: 60_000 })
  onEnd(t, () => client.close())
  const namespace = newNamespace()
  const journal = new MemoryJournal(sizes)
  journal.append(...events)
  const server = startServer(t, { url, journal, namespace, requestTimeoutMs: 15_000 })
  return { client, namespace, journal, events, server }
}

async function assertWhole(
  { client, namespace, events, server }: World,
  refused: string[] = []
): Promise<void> {
  await server.follower.idle()
  await assertIndexed(indexOf(client), namespace, events, refused)
}

test('a node that takes only small requests has every event that fits into one, and the others are refused', {
  skip
}, async (t) => {
  const node = await startNode({ settings: { 'http.max_content_length': '100kb' } })
  onEnd(t, () => node.stop())
  const events = eventsOfRuns(10, 150)
  const large = events[500]
  assert.ok(large)
  events[500] = { ...large, labels: { large: 'x'.repeat(150_000) } }
  const it = await world(t, node.url, events, [300])
  await assertWhole(it, [large.event.id])
  assert.deepEqual(
    it.server.refused.map(({ index, reason }) => [
      index,
      /takes no document of \d+ bytes \(413\)/.test(reason)
    ]),
    [[500, true]]
  )
})

test('a node whose queue is full is sent less, and has every event', { skip }, async (t) => {
  const node = await startNode({ settings: { 'indexing_pressure.memory.limit': '150kb' } })
  onEnd(t, () => node.stop())
  const events = eventsOfRuns(10, 150, { text: 'z'.repeat(1_000) })
  const it = await world(t, node.url, events, [20])
  await assertWhole(it)
  assert.deepEqual(it.server.refused, [])
  assert.ok(it.server.warnings.some((warning) => /429|es_rejected_execution/.test(warning)))
})

test('a node whose disk is too full is waited for, and has every event when there is room', {
  skip
}, async (t) => {
  const node = await startNode()
  onEnd(t, () => node.stop())
  const it = await world(t, node.url, eventsOfRuns(10, 100))
  await it.server.follower.idle()
  await watermarks(it.client, '10tb')
  let more = 20
  await until(async () => {
    // The block comes with the next look at the disks; until then events are taken.
    const batch = eventsOfRuns(1, 20, { first: more++ })
    it.events.push(...batch)
    it.journal.append(...batch)
    await new Promise((done) => setTimeout(done, 200))
    return /flood-stage/.test(it.server.store.trouble ?? '')
  })
  await watermarks(it.client, null)
  await assertWhole(it)
  assert.equal(it.server.store.trouble, undefined)
})

async function watermarks(client: Client, free: string | null): Promise<void> {
  const names = ['low', 'high', 'flood_stage'].map(
    (name) => `cluster.routing.allocation.disk.watermark.${name}`
  )
  const persistent = Object.fromEntries(names.map((name) => [name, free]))
  await client.cluster.putSettings({ persistent })
}

test('a cluster whose master is killed under load has every event once', { skip }, async (t) => {
  const nodes = await startCluster(3)
  for (const node of nodes) onEnd(t, () => node.stop())
  const [first] = nodes
  assert.ok(first)
  const [{ node: masterName } = {}] = await new Client({ node: first.url }).cat.master({ format: 'json' })
  const master = nodes.find(({ name }) => name === masterName) ?? first
  const other = nodes.find((node) => node !== master) ?? first
  const it = await world(t, other.url, eventsOfRuns(10, 300))
  await until(() => (it.server.follower.cursor ?? 0) > 300)
  const killedAt = performance.now()
  await master.kill()
  const { cursor = 0 } = it.server.follower
  await until(
    () => (it.server.follower.cursor ?? 0) > cursor + 700 || it.server.follower.cursor === it.journal.end
  )
  t.diagnostic(`the cursor moved on ${Math.round(performance.now() - killedAt)} ms after the kill`)
  await assertWhole(it)
  assert.deepEqual(it.server.refused, [])
})
