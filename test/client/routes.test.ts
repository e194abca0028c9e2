import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type Client, createClient } from '../../client/client.ts'
import { itemsOf } from '../../client/pages.ts'
import { readOpenApi } from '../../scripts/openapi.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { onEnd } from '../support/cleanup.ts'
import { eventually } from '../support/eventually.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, runningService } from '../support/service.ts'

// A record, so that the compiler sees to it that no method is missing.
const calls: Record<Exclude<keyof Client, 'pages' | 'fields' | 'text'>, (client: Client) => unknown> = {
  send: (client) => client.send(''),
  events: (client) => first(client.events()),
  runs: (client) => first(client.runs()),
  run: (client) => client.run('id'),
  results: (client) => first(client.results('id')),
  plays: (client) => first(client.plays('id')),
  tasksOfRun: (client) => first(client.tasksOfRun('id')),
  hostsOfRun: (client) => first(client.hostsOfRun('id')),
  matrix: (client) => first(client.matrix('id')),
  compare: (client) => client.compare({ a: 'a', b: 'b' }),
  drift: (client) => first(client.drift()),
  hosts: (client) => first(client.hosts()),
  host: (client) => client.host('name'),
  hostRuns: (client) => first(client.hostRuns('name')),
  playbooks: (client) => first(client.playbooks()),
  users: (client) => first(client.users()),
  tasks: (client) => first(client.tasks()),
  task: (client) => client.task('key'),
  facets: (client) => client.facets(),
  histogram: (client) => client.histogram(),
  live: (client) => first(client.live({})),
  health: (client) => client.health(),
  ready: (client) => client.ready(),
  metrics: (client) => client.metrics(),
  checkpoint: (client) => client.checkpoint(),
  logKeys: (client) => client.logKeys(),
  witnessed: (client) => client.witnessed('key'),
  tile: (client) => client.tile('*'),
  completeness: (client) => client.completeness(),
  proof: (client) => client.proof('event_id')
}

test('the client has a method for each route of /openapi.json, and for nothing else', async (t) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://api').pathname
    asked.push(
      `${request.method} ${path.replace(/(?<=\/)(id|name|key|event_id|\*)$|(?<=\/)(id|name|key)\b/, '{$1$2}')}`
    )
    const type = request.headers.accept ?? ''
    response.setHeader('content-type', type)
    if (type === 'text/event-stream') response.write('event: run.ended\ndata: {}\n\n')
    else response.end('{"items":[],"next":null}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onEnd(t, () => server.close().closeAllConnections())
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  for (const call of Object.values(calls)) await call(createClient({ url, timeoutMs: 5_000 }))

  const { paths } = await readOpenApi()
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`)
  )
  assert.deepEqual(asked.toSorted(), routes.toSorted())
})

test('what was sent to a service is found there, and the answers have what their types say', async (t) => {
  const service = await runningService(t)
  const client = createClient({ url: new URL(`${service.url}/`), timeoutMs: 5_000 })
  const events = runOfEvents(Date.UTC(2026, 0, 1)).result('web-1', 'ok')
  const sent = await client.send(JSON.stringify(events))
  assert.deepEqual(sent, { accepted: 1, duplicates: 0, rejected: [] })
  const found = await eventually(async () => {
    const all = await Array.fromAsync(itemsOf(client.events({ host: 'web-1' })))
    return all.length > 0 ? all : undefined
  })
  assert.deepEqual(
    found.map(({ event }) => event.id),
    [events.event.id]
  )
  assert.equal((await client.health()).status, 'ok')
  assert.equal((await client.ready()).journal.end, START_RECORDS + 1)
  assert.equal(await client.metrics().then((text) => text.includes('playtrail_')), true)
  const { body } = await get(service, `/v1/runs/${events.run?.id}`)
  assert.deepEqual(await client.run(events.run?.id ?? ''), body)
})

test('what is sent to a service is told while it is followed', async (t) => {
  const service = await runningService(t)
  const client = createClient({ url: new URL(`${service.url}/`), timeoutMs: 5_000 })
  const run = runOfEvents(Date.UTC(2026, 0, 1))
  const [started, failed] = [run.started(), run.result('web-1', 'failed')]
  const ending = new AbortController()
  const told: string[] = []
  for await (const { event, data } of client.live(
    { q: 'status:failed' },
    { signal: ending.signal, after: 'x' }
  )) {
    told.push(event)
    // Nothing is told of this id, so that the stream begins with a reset: now it is there.
    if (event === 'reset') await client.send([started, failed].map((each) => JSON.stringify(each)).join('\n'))
    if (event !== 'event') continue
    assert.equal(data.event.id, failed.event.id)
    ending.abort()
  }
  assert.deepEqual(
    told.filter((event) => event !== 'run.progress'),
    ['reset', 'run.started', 'event']
  )
})

test('of items whose fields are chosen there is nothing else', async (t) => {
  const service = await runningService(t)
  const client = createClient({ url: new URL(`${service.url}/`), timeoutMs: 5_000 })
  const run = runOfEvents(Date.UTC(2026, 0, 1))
  await client.send(JSON.stringify(run.started()))
  const found = await eventually(async () => {
    const all = await Array.fromAsync(itemsOf(client.fields('GET /v1/runs', {}, ['run.id', 'user.name'], {})))
    return all.length > 0 ? all : undefined
  })
  assert.deepEqual(found, [{ run: { id: run.id }, user: { name: 'alice' } }])
  const csv = await Array.fromAsync(
    client.text('GET /v1/runs', {}, { user: 'alice' }, 'text/csv', { itemsMax: 1 })
  )
  assert.match(csv.join(''), new RegExp(`\r\n[^\r]*${run.id}`))
})

async function first(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pages) return
}
