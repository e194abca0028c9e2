import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Client } from '@elastic/elasticsearch'
import { openElasticsearchStore } from '../../server/index/elasticsearch/store.ts'
import type { Store } from '../../server/index/store.ts'
import { JOURNAL_ID } from '../index/fixtures.ts'
import { onEnd } from '../support/cleanup.ts'

const questions: Record<string, (store: Store, signal?: AbortSignal) => Promise<unknown>> = {
  runs: (store, signal) => store.runs({ limit: 1 }, signal),
  results: (store, signal) => store.results({ runId: 'x', limit: 1 }, signal),
  events: (store, signal) => store.events({ order: 'asc', limit: 1 }, signal),
  hostRuns: (store, signal) => store.hostRuns({ host: 'web-1', limit: 1 }, signal),
  hosts: (store, signal) => store.hosts({}, signal),
  playbooks: (store, signal) => store.playbooks({}, signal),
  users: (store, signal) => store.users({}, signal),
  tasks: (store, signal) => store.tasks({}, signal),
  facets: (store, signal) => store.facets({}, ['status'], 1, signal),
  histogram: (store, signal) => store.histogram({}, 'day', signal)
}

interface Searches {
  store: Store
  /** Resolves when the next search has come in, with what resolves when its connection was closed. */
  next(): Promise<{ closed: Promise<unknown> }>
}

/** A store on a server that answers every search with `body`, which may be an error, or never. */
async function searches(t: TestContext, body?: object, questionMsMax?: number): Promise<Searches> {
  let came = Promise.withResolvers<{ closed: Promise<unknown> }>()
  const server = createServer((request, response) => {
    came.resolve({ closed: once(request.socket, 'close') })
    came = Promise.withResolvers()
    response.setHeader('x-elastic-product', 'Elasticsearch')
    response.setHeader('content-type', 'application/json')
    if (body !== undefined && 'error' in body) response.statusCode = 400
    if (body !== undefined) request.resume().on('end', () => response.end(JSON.stringify(body)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = new Client({ node: `http://127.0.0.1:${port}`, maxRetries: 0 })
  const log = { warn: () => undefined, info: () => undefined, error: () => undefined }
  const options = { client, journalId: JOURNAL_ID, journalEnd: 1, log }
  const store = openElasticsearchStore({ ...options, ...(questionMsMax !== undefined && { questionMsMax }) })
  onEnd(t, async () => {
    await store.close()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return { store, next: () => came.promise }
}

test('an answer in which what a shard holds is missing is none', async (t) => {
  const _shards = { total: 2, successful: 1, skipped: 0, failed: 1 }
  const { store } = await searches(t, { timed_out: false, _shards, hits: { hits: [] }, aggregations: {} })
  for (const [name, ask] of Object.entries(questions)) {
    await assert.rejects(
      () => ask(store),
      { code: 'index_unavailable', message: /of the shards of the index 1 did not answer/ },
      name
    )
  }
})

test('a question that Elasticsearch broke off for its time is refused as too long', async (t) => {
  const { store } = await searches(t, { timed_out: true, hits: { hits: [] }, aggregations: {} })
  for (const [name, ask] of Object.entries(questions))
    await assert.rejects(ask(store), { code: 'query_timeout', message: /longer than 10 s/ }, name)
})

test('an answer with more buckets than Elasticsearch gives at once is refused as too large', async (t) => {
  // As Elasticsearch 9.5.3 answers.
  const error = {
    ...{ root_cause: [], type: 'search_phase_execution_exception', reason: '', phase: 'fetch' },
    caused_by: { type: 'too_many_buckets_exception', reason: 'Trying to create too many buckets.' }
  }
  const { store } = await searches(t, { error, status: 400 })
  await assert.rejects(store.tasks({}), { code: 'too_many_groups', message: /more parts than Elasticsearch/ })
})

test('a question that is not answered in time is refused as too long, and ended', async (t) => {
  const { store, next } = await searches(t, undefined, 50)
  const refused = { code: 'query_timeout', message: /longer than 0.05 s/ }
  for (const [name, ask] of Object.entries(questions)) {
    const came = next()
    await assert.rejects(ask(store), refused, name)
    await (await came).closed
  }
})

test('a question that nobody waits for is ended', async (t) => {
  const { store, next } = await searches(t)
  for (const [name, ask] of Object.entries(questions)) {
    const leaving = new AbortController()
    const came = next()
    const answer = ask(store, leaving.signal)
    const { closed } = await came
    const reason = new Error(`nobody waits for ${name}`)
    leaving.abort(reason)
    await assert.rejects(answer, reason)
    await closed
  }
})
