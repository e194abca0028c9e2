import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { examine } from '../../server/completeness/examine.ts'
import { keptSince } from '../../server/index/elasticsearch/retention.ts'
import { cleanRun, found, PERIOD, reasonsOf } from '../completeness/examined.ts'
import { clientOf } from './stores.ts'

const NOW = Date.UTC(2026, 10, 5)
const stream = (lifecycle: object) => ({ data_streams: [{ name: 'events', lifecycle }] })
const template = (lifecycle: object) => ({
  index_templates: [{ index_template: { template: { lifecycle } } }]
})
const refused = { error: { type: 'security_exception', reason: 'unauthorized' }, status: 403 }
const unknownRoute = { error: 'no handler found for uri', status: 400 }

type Answered = [status: number, body: object]

async function told(t: TestContext, ofStream: Answered, ofTemplate: Answered) {
  const server = createServer((request, response) => {
    const [status, body] = request.url?.includes('_lifecycle') ? ofStream : ofTemplate
    response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
    response.end(JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const client = await clientOf(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return await keptSince(client, 'events', 'default', NOW)
}

test('how long a stream keeps its events is known, or known to be for ever, or not known', async (t) => {
  const dayAgo = (NOW - 86_400_000) * 1_000
  const weekOfTemplate: Answered = [200, template({ data_retention: '7d' })]
  assert.equal(await told(t, [200, stream({ data_retention: '1d' })], weekOfTemplate), dayAgo)
  // The key of the service must not ask for templates, and need not.
  assert.equal(await told(t, [200, stream({ enabled: true })], [403, refused]), undefined)
  assert.equal(await told(t, [200, { data_streams: [] }], [403, refused]), undefined)
  assert.equal(await told(t, [400, unknownRoute], [200, template({ data_retention: '1d' })]), dayAgo)
  assert.equal(await told(t, [400, unknownRoute], [200, template({})]), undefined)
  assert.equal(await told(t, [403, refused], weekOfTemplate), 'unknown')
  assert.equal(await told(t, [400, unknownRoute], [403, refused]), 'unknown')
  assert.equal(await told(t, [200, stream({ data_retention: '3 moons' })], weekOfTemplate), 'unknown')
})

test('a list is not complete where it is not known how long the index keeps events', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const store = { ...of.store, keptSinceMs: async () => 'unknown' as const }
  const answer = await examine({ ...of, store }, PERIOD, new AbortController().signal)
  assert.deepEqual([answer.verdict, reasonsOf(answer)], ['unchecked', ['index_retention_unknown']])
})
