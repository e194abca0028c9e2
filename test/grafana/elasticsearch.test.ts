import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { Dashboard, ElasticsearchTarget, Panel } from '../../grafana/panels.ts'
import { onEnd } from '../support/cleanup.ts'
import { sharedNode, whyNoElasticsearch } from '../support/elasticsearch.ts'
import { dashboards, provisionedSources, read } from './dashboards.ts'
import { events, expected, range, runs } from './known-set.ts'
import { rowsOf, searchFor } from './query.ts'

const skip = whyNoElasticsearch() ?? false
const [records] = dashboards as [Dashboard]

interface Asked {
  hits: { hits: { _source: { run?: { id: string }; ansible?: { result: { msg: string } } } }[] }
  aggregations: Record<string, unknown>
}

/** Asks as Grafana does, of indices with our mapping that hold the known set. */
async function asking(
  t: TestContext
): Promise<(target: ElasticsearchTarget, filter?: string) => Promise<Asked>> {
  const { url } = await sharedNode()
  const request = async (method: string, path: string, body: string): Promise<unknown> => {
    const response = await fetch(`${url}/${path}`, {
      method,
      body,
      headers: { 'content-type': 'application/json' }
    })
    const text = await response.text()
    assert.ok(response.ok, text)
    return JSON.parse(text)
  }
  const indices: Record<string, string> = {}
  for (const [alias, documents, templates] of [
    ['playtrail-runs', runs, ['event-fields', 'run-fields']],
    ['playtrail-events', events, ['event-fields']]
  ] as const) {
    const index = `grafana-${randomUUID()}`
    indices[alias] = index
    onEnd(t, () => request('DELETE', index, ''))
    await request('PUT', index, JSON.stringify({ mappings: mappings(templates) }))
    const lines = documents.flatMap((document) => ['{"create":{}}', JSON.stringify(document)])
    const answer = await request('POST', `${index}/_bulk?refresh=true`, `${lines.join('\n')}\n`)
    assert.equal((answer as { errors: boolean }).errors, false)
  }
  return async (target, filter) => {
    const source = provisionedSources.find(({ uid }) => uid === target.datasource.uid)
    const index = indices[source?.jsonData.index ?? '']
    return (await request(
      'POST',
      `${index}/_search`,
      JSON.stringify(searchFor(target, range, filter))
    )) as Asked
  }
}

/** The mapping of all these templates together; they have no group of fields in common but `playtrail`. */
function mappings(templates: readonly string[]): unknown {
  const properties: Record<string, { properties?: object }> = {}
  for (const name of templates) {
    const own = JSON.parse(read(`server/index/elasticsearch/templates/${name}.json`)).template.mappings
      .properties
    const playtrail = { properties: { ...properties.playtrail?.properties, ...own.playtrail?.properties } }
    Object.assign(properties, own, { playtrail })
  }
  return { dynamic: false, properties }
}

function targetOf({ targets = [] }: Panel): ElasticsearchTarget {
  return targets[0] as ElasticsearchTarget
}

function panelNamed(title: string): Panel {
  const panel = records.panels.find((candidate) => candidate.title === title)
  assert.ok(panel, title)
  return panel
}

function shown(target: ElasticsearchTarget, { hits, aggregations }: Asked): unknown[] {
  if (target.metrics[0]?.type === 'raw_data') {
    return hits.hits.map(({ _source }) => _source.ansible?.result.msg ?? _source.run?.id)
  }
  return rowsOf(target, aggregations).map(({ names, metrics }) => [names, metrics])
}

test('every panel, asked of a real Elasticsearch, shows the numbers of a known set', { skip }, async (t) => {
  const ask = await asking(t)
  assert.deepEqual(records.panels.map(({ title }) => title).sort(), Object.keys(expected).sort())
  for (const panel of records.panels) {
    const target = targetOf(panel)
    const found = shown(target, await ask(target))
    // Series over time have no order of their own in Grafana: those of equal count come as they like.
    if (panel.type === 'timeseries') found.sort((a, b) => String(a).localeCompare(String(b)))
    assert.deepEqual(found, expected[panel.title], panel.title)
  }
})

test('what is typed into the filter narrows every panel, whatever the panel asks besides', {
  skip
}, async (t) => {
  const ask = await asking(t)
  for (const [title, filter, wanted] of [
    ['Runs', 'user.name:bob', [[['all'], { Count: 2 }]]],
    ['Runs', 'user.name:bob OR user.name:carol', [[['all'], { Count: 4 }]]],
    ['Failed, unreachable or aborted', 'user.name:alice OR user.name:bob', [[['all'], { Count: 2 }]]],
    ['Latest runs', 'run.name:backup*', ['r6']],
    ['Who changed most', 'host.name:web-*', [[['alice'], { Count: 2 }]]],
    ['Latest failures', 'host.name:db-02', ['failed on db-02']]
  ] as const) {
    const target = targetOf(panelNamed(title))
    assert.deepEqual(shown(target, await ask(target, filter)), wanted, `${title}: ${filter}`)
  }
})
