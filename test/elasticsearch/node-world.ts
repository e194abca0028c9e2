import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import type { ElasticsearchNode } from '../elasticsearch-node/launch.ts'
import { MemoryJournal } from '../index/memory.ts'
import { onEnd } from '../support/cleanup.ts'
import { newNamespace } from './stores.ts'
import { assertIndexed, eventsOfRuns, indexOf, type Server, startServer, until } from './trail.ts'

const RECORDS_OF_A_READ = [40]
const REQUEST_TIMEOUT_MS = 4_000

export interface NodeWorld {
  node: ElasticsearchNode
  client: Client
  namespace: string
  stream: string
  journal: MemoryJournal
  events: ReturnType<typeof eventsOfRuns>
  server: Server
  /** Resolves when so many of the events are in the index. */
  indexed(count: number): Promise<void>
  /** All events are there, once each, and the cursor has passed them. */
  assertWhole(): Promise<void>
}

/** A node with some thousand events on their way to it; `url` is where they are sent, if that is not the node itself. */
export async function nodeWorld(
  t: TestContext,
  node: ElasticsearchNode,
  {
    url,
    runs = 8,
    results = 250,
    requestTimeoutMs = REQUEST_TIMEOUT_MS
  }: { url?: string; runs?: number; results?: number; requestTimeoutMs?: number } = {}
): Promise<NodeWorld> {
  const client = new Client({ node: node.url, maxRetries: 0, requestTimeout: 30_000 })
  onEnd(t, () => client.close())
  const namespace = newNamespace()
  const journal = new MemoryJournal(RECORDS_OF_A_READ)
  const events = eventsOfRuns(runs, results)
  journal.append(...events)
  const server = startServer(t, {
    url: url ?? node.url,
    journal,
    namespace,
    requestTimeoutMs
  })
  return {
    ...{ node, client, namespace, journal, events, server, stream: `logs-playtrail.events-${namespace}` },
    indexed: (count) => until(() => (server.follower.cursor ?? 0) >= count),
    async assertWhole() {
      await server.follower.idle()
      assert.equal(server.follower.cursor, journal.end)
      assert.deepEqual(server.refused, [])
      await assertIndexed(indexOf(client), namespace, events)
    }
  }
}
