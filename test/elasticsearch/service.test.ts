import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { type ElasticsearchNode, startNode, whyNoNode } from '../elasticsearch-node/launch.ts'
import { runPlaytrail } from '../support/command.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

// Nodes of its own: the service works on the namespace that users have.
const skip = whyNoNode() ?? false
const nodes: ElasticsearchNode[] = []

async function newNode(): Promise<ElasticsearchNode> {
  const node = await startNode()
  nodes.push(node)
  return node
}

after(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
})

/** Sends `count` events of a new run, and returns the run's id. */
async function send(service: Awaited<ReturnType<typeof runningService>>, count: number): Promise<string> {
  const run = runId()
  const events = Array.from({ length: count }, (_, sequence) => resultEvent(run, sequence))
  const { status } = await post(service, ndjson(events))
  assert.equal(status, 200)
  return run
}

async function countOf(node: ElasticsearchNode): Promise<number> {
  const answer = await fetch(`${node.url}/playtrail-events/_count?ignore_unavailable=true`)
  return ((await answer.json()) as { count: number }).count
}

async function hasAll(service: Awaited<ReturnType<typeof runningService>>, run: string, count: number) {
  const { status, body } = await get(service, `/v1/events?run=${run}&limit=1000`)
  return status === 200 && body.items.length === count ? body.items : undefined
}

test('a service that starts while Elasticsearch is away acknowledges, says so, and everything arrives later', {
  skip
}, async (t) => {
  const node = await newNode()
  await node.kill()
  const service = await runningService(t, undefined, { store: node.url })
  const run = await send(service, 100)
  const failing = await eventually(async () => {
    const { body } = await get(service, '/readyz')
    return body.status === 'index_failing' ? body : undefined
  })
  assert.match(failing.index.error, /cannot be reached/)
  const asked = await get(service, '/v1/runs')
  assert.equal(asked.status, 503)
  assert.equal(asked.body.code, 'index_unavailable')
  assert.equal(asked.headers.get('retry-after'), '5')

  await node.restart()
  await eventually(() => hasAll(service, run, 100))
  // Results become searchable apart from events.
  const headers = await eventually(async () => {
    const found = await get(service, `/v1/runs/${run}`)
    return found.body.playtrail.results.changed === 100 ? found.headers : undefined
  })
  assert.equal(headers.get('playtrail-index-lag'), '0')
  const ready = await get(service, '/readyz')
  assert.equal(ready.body.status, 'ready')
  assert.deepEqual(ready.body.index, { cursor: 100 + START_RECORDS, lag: 0, lag_seconds: 0 })
})

test('a new index is made while servers go on, and takes the place of the old one when all journals are in it', {
  skip
}, async (t) => {
  const node = await newNode()
  const one = await runningService(t, undefined, { store: node.url })
  const other = await runningService(t, undefined, { store: node.url })
  const [first, second] = [await send(one, 500), await send(other, 300)]
  await eventually(
    async () => ((await hasAll(one, second, 300)) && (await hasAll(other, first, 500))) || undefined
  )

  let isOver = false
  let fewest = Number.POSITIVE_INFINITY
  const watching = (async () => {
    while (!isOver) fewest = Math.min(fewest, await countOf(node))
  })()
  const reindex = (dataDir: string, ...more: string[]) =>
    runPlaytrail(['reindex', '--data-dir', dataDir, '--store', node.url, ...more])
  const early = await reindex(one.folder.path)
  assert.equal(early.status, 1, early.stderr)
  assert.match(early.stderr, new RegExp(`${other.folder.log} \\(${300 + START_RECORDS} events\\)`))
  assert.match(early.stderr, /Run `playtrail reindex` on their machines too/)
  const late = await reindex(other.folder.path)
  assert.equal(late.status, 0, late.stderr)
  assert.match(late.stderr, /DELETE \/_data_stream\/logs-playtrail\.events-default\n/)
  isOver = true
  await watching
  assert.equal(fewest, 800 + 2 * START_RECORDS, 'at each moment everything was to be found')

  // Servers write to the old one until they notice, and then to the new one from where it ends.
  const young = await send(one, 10)
  await eventually(() => hasAll(one, young, 10))
  await eventually(() => hasAll(other, young, 10))
  await eventually(async () => ((await countOf(node)) === 810 + 2 * START_RECORDS ? true : undefined))
  const { body } = await get(one, '/v1/runs')
  assert.deepEqual(
    body.items.map((item: { run: { id: string }; playtrail: { events: number } }) => [
      item.run.id,
      item.playtrail.events
    ]),
    [
      [young, 10],
      [second, 300],
      [first, 500]
    ].sort((a, b) => (String(a[0]) < String(b[0]) ? 1 : -1))
  )
})

test('an index that somebody deleted is made again from the journal, while the service runs', {
  skip
}, async (t) => {
  const node = await newNode()
  const service = await runningService(t, undefined, { store: node.url })
  const run = await send(service, 50)
  await eventually(() => hasAll(service, run, 50))
  // As new as on the first day: its data is thrown away.
  await node.stop()
  const fresh = await startNode({ port: Number(new URL(node.url).port) })
  nodes.push(fresh)
  const young = await send(service, 5)
  await eventually(() => hasAll(service, young, 5))
  await eventually(() => hasAll(service, run, 50))
})

test('setup makes the templates once, and prints them with --dry-run', { skip }, async () => {
  const node = await newNode()
  const setup = (...more: string[]) => runPlaytrail(['setup', 'elasticsearch', '--store', node.url, ...more])
  const dry = await setup('--dry-run')
  assert.equal(dry.status, 0, dry.stderr)
  const bodies = dry.stdout.split(/^PUT .*$/m).slice(1)
  assert.ok(bodies.length >= 10)
  for (const body of bodies) assert.ok(JSON.parse(body))
  assert.equal((await fetch(`${node.url}/_index_template/playtrail-events-default`)).status, 404)

  const first = await setup('--retention', '400d')
  assert.equal(first.status, 0, first.stderr)
  assert.match(first.stdout, /^playtrail-events-default: created$/m)
  const again = await setup()
  assert.equal(again.status, 0, again.stderr)
  assert.match(again.stdout, /^playtrail-events-default: put again$/m)
  const found = await (await fetch(`${node.url}/_index_template/playtrail-events-default`)).json()
  const { template } = (
    found as { index_templates: { index_template: { template: { lifecycle: object } } }[] }
  ).index_templates[0]?.index_template ?? { template: { lifecycle: {} } }
  assert.deepEqual(template.lifecycle, { enabled: true, data_retention: '400d' }, 'kept by the second one')
  const wrong = await setup('--retention', '400')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /expected a number of days or hours, such as 400d; got "400"/)
})

/** A server that answers as the table says: `METHOD /path` to status and body. */
async function double(
  t: TestContext,
  answers: (route: string) => [status: number, body: object]
): Promise<string> {
  const server = createServer((request, response) => {
    const [status, body] = answers(`${request.method} ${request.url?.split('?')[0]}`)
    response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const version = (number: string) => ({ nodes: { a: { version: number } } })

test('setup says what to do where the server is too old, or the key lacks a right', async (t) => {
  const old = await double(t, () => [200, version('8.19.0')])
  const refused = await runPlaytrail(['setup', 'elasticsearch', '--store', old])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /this is Elasticsearch 8\.19\.0; Playtrail supports 9\.x/)

  const weak = await double(t, (route) => {
    if (route.startsWith('GET /_nodes')) return [200, version('9.1.0')]
    if (route.includes('_mget'))
      return [200, { docs: [{ _index: 'playtrail-state', _id: 'x', found: false }] }]
    return [403, { error: { type: 'security_exception', reason: 'action is unauthorized' }, status: 403 }]
  })
  const forbidden = await runPlaytrail(['setup', 'elasticsearch', '--store', weak])
  assert.equal(forbidden.status, 1)
  assert.match(forbidden.stderr, /must not do this \(403\).*security_exception/)
  assert.match(forbidden.stderr, /administrator's key/)
})

test('setup of the embedded store, and of what cannot be reached, is refused in a sentence', async () => {
  const embedded = await runPlaytrail(['setup', 'elasticsearch'])
  assert.equal(embedded.status, 1)
  assert.match(embedded.stderr, /the store is `sqlite`, which needs no setup/)
  const away = await runPlaytrail(['setup', 'elasticsearch', '--store', 'http://127.0.0.1:9'])
  assert.equal(away.status, 1)
  assert.match(away.stderr, /cannot be reached/)
  assert.doesNotMatch(away.stderr, /a defect of Playtrail/)
})
