import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import type { Event } from '../../server/event-types.ts'
import { BulkWriter } from '../../server/index/elasticsearch/bulk.ts'
import { newNamespace } from '../elasticsearch/stores.ts'
import { indexOf, type Server, startServer } from '../elasticsearch/trail.ts'
import { runId, runOfEvents } from '../index/fixtures.ts'
import { MemoryJournal } from '../index/memory.ts'
import { onEnd } from '../support/cleanup.ts'
import { sharedNode, whyNoElasticsearch } from '../support/elasticsearch.ts'

const skip = whyNoElasticsearch() ?? false
const START = Date.UTC(2026, 10, 5, 9, 30)

interface Written {
  client: Client
  namespace: string
  server: Server
  /** Ids of the events that are in the index. */
  ids: string[]
}

/** The events by the store's whole way; never waits for ever, unless one of them holds up the others. */
async function written(
  t: TestContext,
  events: (Event | string)[],
  namespace = newNamespace()
): Promise<Written> {
  const { url } = await sharedNode()
  const client = new Client({ node: url, maxRetries: 0, requestTimeout: 30_000 })
  onEnd(t, () => client.close())
  const journal = new MemoryJournal([5_000])
  journal.append(...events)
  const server = startServer(t, { url, journal, namespace, requestTimeoutMs: 30_000, isRefreshed: true })
  await server.follower.idle()
  const found = await indexOf(client).documents(`logs-playtrail.events-${namespace}`)
  return { client, namespace, server, ids: found.map(([id]) => id) }
}

/** An event of a run with anything in it. */
function eventWith(id: string, more: Record<string, unknown>): Event {
  const event = runOfEvents(START).result('web-1', 'ok')
  return { ...event, event: { ...event.event, id }, ...more } as Event
}

const text40k = 'x'.repeat(40_000)
const keys5000 = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`key-${at}`, `value-${at}`]))
const result = { play: { id: 'p' }, task: { id: 't', name: 't', occurrence: 1 } }

const taken: [what: string, more: Record<string, unknown>][] = [
  ['a label of 40 kB', { labels: { large: text40k } }],
  ['a keyword of 40 kB', { user: { name: text40k } }],
  ['a command of 40 kB', { ansible: { ...result, result: { status: 'ok', cmd: text40k } } }],
  ['5,000 labels', { labels: keys5000 }],
  [
    'a text of 64 KiB in one word',
    { ansible: { ...result, result: { status: 'ok', stdout: 'y'.repeat(65_536) } } }
  ],
  ['empty objects', { labels: {}, ansible: {}, host: {} }],
  [
    'letters of all kinds',
    { labels: { 'ключ.with.dots': '🦄 \u0000 \u2028 \ud800' }, user: { name: 'жанна 名前' } }
  ],
  ['a time in the year 1', { '@timestamp': '0001-01-01T00:00:00Z' }],
  ['a time in the year 9999', { '@timestamp': '9999-12-31T23:59:59.999999Z' }],
  ['the largest number', { ansible: { ...result, result: { status: 'ok', rc: Number.MAX_SAFE_INTEGER } } }],
  ['fields that no schema knows', { nobody: { knows: [1, 'two', { three: null }] } }],
  ['a host that is null', { host: null }]
]

test('events with the hardest values that a sender may send are written', { skip }, async (t) => {
  const { ids, server } = await written(
    t,
    taken.map(([what, more]) => eventWith(what, more))
  )
  assert.deepEqual(server.refused, [])
  assert.deepEqual(ids.sort(), taken.map(([what]) => what).sort())
})

test('one document that spoils a whole request is found, and the others are written', { skip }, async (t) => {
  const { client } = await written(t, [])
  const bulk = new BulkWriter({ client, log: { warn: () => undefined, info: () => undefined } })
  onEnd(t, () => bulk.close())
  const index = newNamespace()
  const ids = ['a', 'b', 'c'.repeat(600), 'd', 'e']
  const outcomes = await bulk.send(
    ids.map((id) => {
      const action = JSON.stringify({ create: { _index: index, _id: id } })
      return { id, target: index, action, source: '{}', isAppend: false }
    })
  )
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['created', 'created', 'refused', 'created', 'created']
  )
  assert.match(JSON.stringify(outcomes[2]), /is too long/)
})

const odd: [what: string, event: Event | string][] = [
  ['that is no JSON', '{"half'],
  ['that is an array', '[]'],
  ['whose name of a user is an object', eventWith('b', { user: { name: { first: 'a' } } })],
  [
    'whose return code is a text',
    eventWith('c', { ansible: { ...result, result: { status: 'ok', rc: 'none' } } })
  ],
  ['whose host is a text', eventWith('d', { host: 'web-1' })],
  ['whose labels are a text', eventWith('e', { labels: 'none' })],
  ['whose address is none', eventWith('f', { source: { ip: 'unknown' } })],
  ['whose id is longer than Elasticsearch takes', eventWith('i'.repeat(600), {})],
  ['whose number is greater than any', eventWith('g', { run: { id: runId(START), events: 1e300 } })],
  ['whose start is no time', eventWith('h', { event: { id: 'h', action: 'run.started', start: 'soon' } })],
  ['without a group event', '{"@timestamp":"2026-01-01T00:00:00Z"}'],
  ['whose run started in a year of five digits', runStartedLate()],
  [
    'that is nested deeper than anything',
    `{"@timestamp":"2026-01-01T00:00:00Z","a":${'['.repeat(3_000)}${']'.repeat(3_000)}}`
  ]
]

test('events that no schema lets through are taken or refused, each one, and hold up none of the others', {
  skip
}, async (t) => {
  const good = [runOfEvents(START, { which: 1 }), runOfEvents(START, { which: 2 })].map((run) =>
    run.started()
  )
  const [first, last] = good
  assert.ok(first && last)
  const { ids, server } = await written(t, [first, ...odd.map(([, event]) => event), last])
  assert.ok(ids.includes(first.event.id) && ids.includes(last.event.id))
  const refused = new Map(server.refused.map(({ index, reason }) => [index, reason]))
  for (const [at, [what]] of odd.entries())
    t.diagnostic(`${what}: ${refused.get(at + 1)?.slice(0, 160) ?? 'taken'}`)
  assert.ok(refused.size >= 7)
  assert.equal(refused.get(0), undefined)
  assert.equal(refused.get(odd.length + 1), undefined)
  assert.equal(new Set(ids).size, ids.length)
})

test('a negative number of an event does not hold up the others', { skip }, async (t) => {
  const event = eventWith('n', {})
  const { ids, server } = await written(t, [{ ...event, event: { ...event.event, sequence: -1 } }])
  assert.deepEqual({ ids, refused: server.refused }, { ids: ['n'], refused: [] })
})

test('an id of 200 characters is kept whole, and the same id is there once', { skip }, async (t) => {
  const id = 'é'.repeat(200)
  const { ids } = await written(t, [eventWith(id, {}), eventWith(id, {})])
  assert.deepEqual(ids, [id])
})

test('a field that somebody else has mapped otherwise refuses the events that do not fit, with the reason', {
  skip
}, async (t) => {
  const namespace = newNamespace()
  const { client } = await written(t, [], namespace)
  await client.transport
    .request({
      ...{ method: 'PUT', path: `/_index_template/conflict-${namespace}` },
      body: {
        index_patterns: [`logs-playtrail.events-${namespace}`],
        ...{ data_stream: {}, priority: 900 },
        template: { mappings: { properties: { user: { properties: { name: { type: 'long' } } } } } }
      }
    })
    .catch((error: unknown) => assert.fail(String(error)))
  const fits = eventWith('fits', { user: { name: '7' } })
  const { ids, server } = await written(t, [eventWith('a', {}), fits, eventWith('b', {})], namespace)
  assert.deepEqual(ids, ['fits'])
  assert.deepEqual(
    server.refused.map(({ index, reason }) => [
      index,
      /document_parsing_exception.*\[user\.name\]/.test(reason)
    ]),
    [
      [0, true],
      [2, true]
    ]
  )
})

function runStartedLate(): Event {
  const event = runOfEvents(2 ** 48 - 1, { which: 3 }).next('run.heartbeat', {
    '@timestamp': '2026-01-01T00:00:00Z'
  })
  return event
}
