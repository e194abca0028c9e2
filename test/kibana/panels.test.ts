import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { createValidator } from '../../server/receive/validate.ts'
import { sharedNode, whyNoElasticsearch } from '../support/elasticsearch.ts'
import { expectedPanels } from './expected/panels.ts'
import { rowsExpected, settled } from './expected/rows.ts'
import { knownDocuments, shown } from './known-events.ts'
import { panelSearch, type SearchAnswer } from './panel-query.ts'
import { committedFile, panelsOf, parseObjects } from './saved.ts'

const skip = whyNoElasticsearch() ?? false
const known = knownDocuments()
const expected = expectedPanels(known)
const objects = parseObjects(committedFile())
const panels = objects
  .filter(({ type }) => type === 'dashboard')
  .flatMap((dashboard) =>
    panelsOf(dashboard)
      .filter(({ type }) => type !== 'visualization')
      .map((panel) => ({
        name: `${dashboard.id?.replace('playtrail-', '')}/${panel.panelIndex}`,
        dashboard,
        panel
      }))
  )
// Plain indices of our own names: the node is shared with other tests, and cannot delete a data stream.
const mark = randomUUID().slice(0, 8)
const indexOf = (dataView: string): string => `kibana-test-${mark}-${dataView}`
let url = ''

before(async () => {
  if (skip !== false) return
  url = (await sharedNode()).url
  await index(
    'playtrail-events',
    ['event-fields'],
    known.events.map((event) => [event.event.id, event])
  )
  await index(
    'playtrail-runs',
    ['event-fields', 'run-fields'],
    known.runs.map((run) => [run.run.id, run])
  )
})

test('what the panels are asked about is valid events of every kind that they count', () => {
  const refused = createValidator()
  for (const event of known.events.filter(({ event: { provider } }) => provider !== 'server'))
    assert.equal(refused(event)?.problem.message, undefined)
  assert.equal(new Set(known.events.map(({ event }) => event.id)).size, known.events.length)
})

test('every panel that shows numbers or documents has expected ones, and none is expected to show nothing', () => {
  assert.deepEqual(panels.map(({ name }) => name).sort(), Object.keys(expected).sort())
  for (const [name, rows] of Object.entries(expected)) assert.ok(rows.length > 0, name)
})

test('a wrong number is seen', () => {
  const [row = {}] = rowsExpected({
    of: [1, 2, 3],
    by: [],
    metrics: { Count: () => 3, Half: () => ({ least: 1, most: 2 }) }
  })
  assert.deepEqual(settled([{ Count: 3, Half: 1.5 }], [row]), [row])
  assert.notDeepEqual(settled([{ Count: 4, Half: 1.5 }], [row]), [row])
  assert.notDeepEqual(settled([{ Count: 3, Half: 2.5 }], [row]), [row])
})

for (const { name, dashboard, panel } of panels) {
  test(`${name} shows what the events say`, { skip }, async () => {
    const { dataView, body, rowsOf } = panelSearch(panel, dashboard, objects, shown)
    const answer = await ask('POST', `/${indexOf(dataView)}-alias/_search`, body)
    const rows = expected[name] ?? []
    assert.deepEqual(settled(rowsOf(answer as SearchAnswer), rows), rows)
  })
}

// A test, and not an `after`: a node of this file's own is stopped by one that comes before ours.
test('nothing is left on the node', { skip }, async () => {
  for (const dataView of ['playtrail-events', 'playtrail-runs']) {
    await ask('DELETE', `/${indexOf(dataView)}`)
    await ask('DELETE', `/_index_template/${indexOf(dataView)}`)
  }
  for (const name of ['event-fields', 'run-fields'])
    await ask('DELETE', `/_component_template/${indexOf(name)}`)
  assert.deepEqual(await ask('GET', `/_alias/kibana-test-${mark}*`), {})
})

/** An index with our mapping, made as a template would make it, and an alias through which it is read. */
async function index(
  dataView: string,
  templates: readonly string[],
  documents: [string, unknown][]
): Promise<void> {
  for (const name of templates) {
    const file = new URL(`../../server/index/elasticsearch/templates/${name}.json`, import.meta.url)
    await ask('PUT', `/_component_template/${indexOf(name)}`, JSON.parse(readFileSync(file, 'utf8')))
  }
  await ask('PUT', `/_index_template/${indexOf(dataView)}`, {
    index_patterns: [indexOf(dataView)],
    composed_of: templates.map(indexOf),
    priority: 500,
    template: { settings: { number_of_replicas: 0 }, aliases: { [`${indexOf(dataView)}-alias`]: {} } }
  })
  const lines = documents.flatMap(([_id, document]) => [
    { create: { _index: indexOf(dataView), _id } },
    document
  ])
  const answer = await ask('POST', '/_bulk?refresh=true', lines)
  assert.equal(answer.errors, false, JSON.stringify(answer).slice(0, 1_000))
}

async function ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const isBulk = Array.isArray(body)
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': isBulk ? 'application/x-ndjson' : 'application/json' },
    ...(body !== undefined && {
      body: isBulk ? body.map((line) => `${JSON.stringify(line)}\n`).join('') : JSON.stringify(body)
    })
  })
  const answer = (await response.json()) as Record<string, unknown>
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer).slice(0, 1_000)}`)
  return answer
}
