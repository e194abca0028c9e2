import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import type { Event } from '../../server/event-types.ts'
import type { Journal } from '../../server/journal/journal.ts'
import { watchSilence } from '../../server/silence/watch.ts'
import { newNamespace } from '../elasticsearch/stores.ts'
import { assertIndexed, eventsOfRuns, indexOf, type Server, startServer } from '../elasticsearch/trail.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { onEnd } from '../support/cleanup.ts'
import { sharedNode, whyNoElasticsearch } from '../support/elasticsearch.ts'
import { temporaryFolder } from '../support/folder.ts'
import { journalIn } from '../support/journal.ts'

const skip = whyNoElasticsearch() ?? false
const START = Date.UTC(2026, 10, 5, 9, 30)
const MINUTE_MS = 60_000

interface World {
  client: Client
  namespace: string
  servers: { journal: Journal; server: Server }[]
}

async function twoServers(t: TestContext): Promise<World> {
  const { url } = await sharedNode()
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: 30_000 })
  onEnd(t, () => client.close())
  const namespace = newNamespace()
  const servers: World['servers'] = []
  for (let at = 0; at < 2; at++) {
    const { journal } = await journalIn(temporaryFolder(t))
    onEnd(t, () => journal.close())
    const server = startServer(t, { url, journal, namespace, requestTimeoutMs: 30_000, isRefreshed: true })
    servers.push({ journal, server })
  }
  return { client, namespace, servers }
}

async function receive(journal: Journal, events: readonly Event[], atMs = START): Promise<void> {
  const entries = events.map((event) => ({
    eventId: event.event.id,
    payload: Buffer.from(JSON.stringify(event))
  }))
  await journal.append(entries, 'control-1', atMs * 1_000)
}

test('runs whose events arrive through two servers at once are told right, and lie where the events say', {
  skip
}, async (t) => {
  const { client, namespace, servers } = await twoServers(t)
  const events = eventsOfRuns(4, 100)
  for (let from = 0; from < events.length; from += 20) {
    const { journal } = servers[(from / 20) % 2] ?? servers[0] ?? assert.fail()
    await receive(journal, events.slice(from, from + 20))
  }
  // A sender that had no answer from one server turns to the other: that one has some of the events too.
  await receive(servers[1]?.journal ?? assert.fail(), events.slice(0, 60))
  await Promise.all(servers.map(({ server }) => server.follower.idle()))
  await assertIndexed(indexOf(client), namespace, events)

  const logs = new Map(servers.map(({ journal }) => [journal.id, journal]))
  for (const [id, source] of await indexOf(client).documents(`logs-playtrail.events-${namespace}`)) {
    const { playtrail } = source as { playtrail: { log: string; index: number } }
    const batch = await logs.get(playtrail.log)?.read(playtrail.index)
    assert.ok(
      batch && Buffer.from(batch.bytes).subarray(0, 200).includes(id),
      `${id} is not where it is said to be`
    )
  }
})

test('of two servers only the one that heard of a run last closes it when it falls silent', {
  skip
}, async (t) => {
  const { servers } = await twoServers(t)
  const runs = [runOfEvents(START, { which: 1 }), runOfEvents(START, { which: 2 })]
  const [one, other] = servers
  assert.ok(one && other)
  // Both have heard of both runs; of the first one the other server last, and of the second one the first server.
  await receive(
    one.journal,
    runs.map((run) => run.started()),
    START
  )
  await receive(other.journal, [runs[0]?.result('web-1', 'ok') ?? assert.fail()], START + 1_000)
  await receive(other.journal, [runs[1]?.result('web-1', 'ok') ?? assert.fail()], START + 1_000)
  await receive(one.journal, [runs[1]?.result('web-2', 'ok') ?? assert.fail()], START + 2_000)
  await Promise.all(servers.map(({ server }) => server.follower.idle()))

  const ends = servers.map(({ journal }) => journal.end)
  let nowMs = START
  const looks: (() => void)[] = []
  const watches = servers.map(({ journal, server }) =>
    watchSilence({
      ...{ journal, follower: server.follower, store: server.store, silentAfterMs: MINUTE_MS },
      log: { info: () => undefined, error: (about: unknown) => assert.fail(JSON.stringify(about)) },
      now: () => nowMs,
      sleep: (_ms, signal) =>
        new Promise((done) => {
          looks.push(done)
          signal.addEventListener('abort', () => done(), { once: true })
        })
    })
  )
  for (let look = 0; look < 6; look++) {
    nowMs += MINUTE_MS / 2
    while (looks.length < 2) await new Promise((turn) => setTimeout(turn, 5))
    for (const wake of looks.splice(0)) wake()
  }
  while (looks.length < 2) await new Promise((turn) => setTimeout(turn, 5))
  await Promise.all(watches.map((watch) => watch.stop()))
  assert.deepEqual(
    servers.map(({ journal }, at) => journal.end - (ends[at] ?? 0)),
    [1, 1]
  )
  await Promise.all(servers.map(({ server }) => server.follower.idle()))
  const { items } = await one.server.store.runs({ limit: 10 })
  assert.deepEqual(
    items.map(({ run, playtrail }) => [run.status, run.reason, playtrail.silences]),
    [
      ['aborted', 'silent', 1],
      ['aborted', 'silent', 1]
    ]
  )
})
