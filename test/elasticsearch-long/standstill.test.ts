import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../server/limits.ts'
import { nodeWorld } from '../elasticsearch/node-world.ts'
import { until } from '../elasticsearch/trail.ts'
import { type ElasticsearchNode, startNode, whyNoNode } from '../elasticsearch-node/launch.ts'
import { onEnd } from '../support/cleanup.ts'

const skip = whyNoNode() ?? false
let started: Promise<ElasticsearchNode> | undefined
test.after(async () => (await started)?.stop())

/** One for all tests of this file: each leaves it as it was. */
function node(): Promise<ElasticsearchNode> {
  started ??= startNode()
  return started
}

test('a node that stands still for longer than a request may take has every event once', {
  skip
}, async (t) => {
  const { node: own, server, indexed, assertWhole } = await nodeWorld(t, await node())
  await indexed(200)
  await own.kill('SIGSTOP')
  onEnd(t, () => own.kill('SIGCONT'))
  await until(() => /in time|timed out/.test(server.follower.lastError ?? ''))
  await own.kill('SIGCONT')
  await assertWhole()
})

test('a server that stops while the node stands still does not wait for it', { skip }, async (t) => {
  const { node: own, server, indexed } = await nodeWorld(t, await node(), { requestTimeoutMs: 60_000 })
  await indexed(200)
  await own.kill('SIGSTOP')
  onEnd(t, () => own.kill('SIGCONT'))
  const started = performance.now()
  await server.follower.stop()
  await server.stop()
  const took = performance.now() - started
  await own.kill('SIGCONT')
  assert.ok(took < limits.shutdownMsMax, `it took ${took} ms`)
})

test('events wait while the disk is too full, and say so', { skip }, async (t) => {
  const { client, stream, server, indexed, assertWhole } = await nodeWorld(t, await node())
  await indexed(200)
  await client.indices.putSettings({
    index: stream,
    settings: { 'index.blocks.read_only_allow_delete': true }
  })
  await until(() => /TOO_MANY_REQUESTS|flood-stage/.test(server.store.trouble ?? ''))
  await client.indices.putSettings({
    index: stream,
    settings: { 'index.blocks.read_only_allow_delete': null }
  })
  await assertWhole()
})

test('a stream that rolls over again and again has every event once', { skip }, async (t) => {
  const { client, stream, server, journal, indexed, assertWhole } = await nodeWorld(t, await node())
  await indexed(200)
  for (let rolled = 0; rolled < 5; rolled++) {
    await client.indices.rollover({ alias: stream })
    const { cursor = 0 } = server.follower
    await until(() => server.follower.cursor === journal.end || (server.follower.cursor ?? 0) > cursor + 100)
  }
  await assertWhole()
})
