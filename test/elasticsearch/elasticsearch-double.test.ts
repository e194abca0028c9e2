import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedNode, whyNoElasticsearch } from '../support/elasticsearch.ts'
import { startDouble } from '../support/elasticsearch-double.ts'
import { newNamespace } from './stores.ts'

const skip = whyNoElasticsearch() ?? false

/** One request, with `NS` for what is the test's own. */
type Step = [method: string, path: string, body?: object | object[]]

const event = { '@timestamp': '2026-11-05T09:30:00Z' }
const create = (id: string) => [{ create: { _index: 'logs-NS', _id: id, require_data_stream: true } }, event]
const external = (version: number) => [
  { index: { _index: 'NS-results', _id: 'a', version, version_type: 'external', require_alias: false } },
  { n: version }
]

/** What the store asks, in an order that meets its cases. */
const steps: Step[] = [
  ['GET', '/_index_template/NS'],
  [
    'PUT',
    '/_index_template/NS',
    {
      index_patterns: ['logs-NS'],
      data_stream: {},
      priority: 900,
      template: { mappings: { dynamic: false } }
    }
  ],
  ['GET', '/_resolve/index/logs-NS'],
  ['GET', '/_resolve/index/logs-NS*'],
  ['POST', '/_bulk', [...create('1'), ...create('2'), ...create('1')]],
  ['GET', '/_resolve/index/logs-NS'],
  ['PUT', '/NS-results'],
  ['PUT', '/NS-results'],
  ['POST', '/_bulk', [...external(5), ...external(5), ...external(4), ...external(6)]],
  ['POST', '/_bulk', [{ index: { _index: 'NS-gone', _id: 'a', require_alias: true } }, { n: 1 }]],
  ['POST', '/_bulk', [{ create: { _index: 'NS-results', _id: 'b' } }, { n: 1 }]],
  ['POST', '/_bulk', [{ create: { _index: 'NS-results', _id: 'b' } }, { n: 2 }]],
  [
    'POST',
    '/_bulk',
    [{ index: { _index: 'NS-results', _id: 'b', if_seq_no: 99_999, if_primary_term: 1 } }, { n: 3 }]
  ],
  ['POST', '/NS-results/_mget', { ids: ['a', 'b', 'c'] }],
  ['POST', '/NS-gone/_mget', { ids: ['a'] }],
  ['POST', '/NS-state/_update/x', { doc: { o: { a: 1 } }, doc_as_upsert: true }],
  ['POST', '/NS-state/_update/x', { doc: { o: { b: 2 } }, doc_as_upsert: true }],
  ['POST', '/NS-state/_mget', { ids: ['x'] }],
  ['PUT', '/NS-state/_doc/y', { o: { c: 3 } }]
]

test('the double answers what the store asks as a real Elasticsearch does', { skip }, async (t) => {
  const double = await startDouble(t)
  const { url } = await sharedNode()
  const namespace = newNamespace()
  for (const step of steps) {
    const [real, other] = [await answerOf(url, step, namespace), await answerOf(double.url, step, namespace)]
    assert.deepEqual(other, real, JSON.stringify(step))
  }
})

/** Of an answer what the store looks at. */
async function answerOf(url: string, [method, path, body]: Step, namespace: string): Promise<unknown> {
  const own = (text: string): string => text.replaceAll('NS', namespace)
  const lines = Array.isArray(body)
    ? body.map((line) => `${JSON.stringify(line)}\n`).join('')
    : JSON.stringify(body)
  const type = Array.isArray(body) ? 'application/x-ndjson' : 'application/json'
  const answer = await fetch(`${url}${own(path)}`, {
    method,
    ...(body !== undefined && { body: own(lines), headers: { 'content-type': type } })
  })
  const told = (await answer.json()) as Told
  return {
    isFine: answer.ok,
    status: answer.ok ? undefined : answer.status,
    items: told.items?.map((item) => Object.values(item).map(({ status, error }) => [status, error?.type])),
    docs: told.docs?.map(({ _id, found, _source, error }) => [_id, found, _source, error?.type]),
    streams: told.data_streams?.map(({ name, backing_indices }) => [name, backing_indices.length])
  }
}

interface Told {
  items?: Record<string, { status: number; error?: { type: string } }>[]
  docs?: { _id: string; found?: boolean; _source?: unknown; error?: { type: string } }[]
  data_streams?: { name: string; backing_indices: string[] }[]
}
