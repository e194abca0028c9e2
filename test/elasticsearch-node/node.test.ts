import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ElasticsearchNode, startCluster, startNode, whyNoNode } from './launch.ts'

const skip = whyNoNode() ?? false
const STREAM = 'logs-node.test-default'
const document = { '@timestamp': '2026-01-01T00:00:00.123456789Z', message: 'kept' }

test('a node takes a bulk into a data stream, and has what it acknowledged after kill -9', {
  skip
}, async (t) => {
  const dataDir = temporaryFolder(t)
  const node = await startNode({ dataDir })
  onEnd(t, () => node.stop())
  const health = await ask(node.url, 'GET', '/_cluster/health')
  assert.equal(health.body.number_of_nodes, 1)

  await ask(node.url, 'PUT', '/_index_template/node-test', {
    index_patterns: ['logs-node.test-*'],
    data_stream: {},
    priority: 500,
    template: { settings: { number_of_replicas: 0 } }
  })
  assert.equal(await create(node.url, 'a'), 201)
  assert.equal(await create(node.url, 'a'), 409)

  const { url, pid } = node
  await node.kill()
  await assert.rejects(fetch(url))
  await node.restart()
  assert.equal(node.url, url)
  assert.notEqual(node.pid, pid)
  const found = await ask(node.url, 'GET', `/${STREAM}/_search`)
  assert.deepEqual(
    found.body.hits.hits.map(({ _id, _source }: Hit) => [_id, _source]),
    [['a', document]]
  )
  await node.stop()
  assert.ok(existsSync(dataDir))
})

test('a temporary data folder survives a restart, and is gone when the node is stopped', {
  skip
}, async (t) => {
  const node = await startNode()
  onEnd(t, () => node.stop())
  await ask(node.url, 'PUT', '/kept')
  await node.restart()
  assert.equal((await ask(node.url, 'GET', '/kept')).status, 200)
  await node.stop()
  assert.ok(!existsSync(node.dataDir))
})

test('a node ends and removes its data when the process that started it is killed', { skip }, async (t) => {
  const launcher = JSON.stringify(new URL('launch.ts', import.meta.url).href)
  const script = `const { startNode } = await import(${launcher})
    const { pid, dataDir } = await startNode()
    console.log(JSON.stringify({ pid, dataDir }))
    process.stdin.on('end', () => process.exit()).resume()`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  onEnd(t, () => parent.kill('SIGKILL'))
  const [line] = await once(createInterface(parent.stdout), 'line')
  const { pid, dataDir } = JSON.parse(String(line))
  assert.ok(existsSync(dataDir))
  parent.kill('SIGKILL')
  while (isRunning(pid)) await pause(50)
  assert.ok(!existsSync(dataDir))
})

test('a cluster that is started again on its folders has its data', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const start = async (): Promise<ElasticsearchNode[]> => {
    const nodes = await startCluster(2, (index) => ({ dataDir: join(folder, String(index)) }))
    onEnd(t, () => Promise.all(nodes.map((node) => node.stop())))
    return nodes
  }
  const before = await start()
  await ask(before[0]?.url ?? '', 'PUT', '/kept')
  await Promise.all(before.map((node) => node.stop()))
  const [again] = await start()
  assert.equal((await ask(again?.url ?? '', 'GET', '/kept')).status, 200)
})

test('a node whose settings are wrong says which', { skip }, async () => {
  await assert.rejects(
    startNode({ settings: { 'no.such.setting': 'x' } }),
    /unknown setting \[no\.such\.setting\]/
  )
})

test('a cluster of three goes on when its master is killed', { skip }, async (t) => {
  const nodes = await startCluster(3)
  onEnd(t, () => Promise.all(nodes.map((node) => node.stop())))
  const [first, second] = nodes
  assert.ok(first !== undefined && second !== undefined)
  await ask(first.url, 'PUT', '/replicated', { settings: { number_of_replicas: 2 } })
  await ask(first.url, 'GET', '/_cluster/health/replicated?wait_for_status=green&timeout=30s')
  assert.equal((await ask(first.url, 'PUT', '/replicated/_doc/1', document)).status, 201)

  await first.kill()
  assert.equal((await ask(second.url, 'GET', '/replicated/_doc/1')).status, 200)
  await first.restart()
  const health = await ask(
    second.url,
    'GET',
    '/_cluster/health?wait_for_nodes=3&wait_for_status=green&timeout=30s'
  )
  assert.equal(health.body.timed_out, false)
})

/** A process that ended, but that nobody waited for yet, has no command line. */
function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`
  return existsSync(file) && readFileSync(file, 'utf8') !== ''
}

interface Hit {
  _id: string
  _source: unknown
}

/** The status that a bulk of one `create` gets for its item. */
async function create(url: string, id: string): Promise<number> {
  const lines = [{ create: { _id: id } }, document].map((line) => `${JSON.stringify(line)}\n`)
  const { body } = await ask(url, 'POST', `/${STREAM}/_bulk?refresh=true`, lines.join(''))
  return body.items[0].create.status
}

async function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown
  // biome-ignore lint/suspicious/noExplicitAny: what Elasticsearch answers has a form for each route.
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
  })
  return { status: response.status, body: await response.json() }
}
