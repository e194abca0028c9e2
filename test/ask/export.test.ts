import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { ExportOptions } from '../../server/ask/exports.ts'
import { Problem } from '../../server/errors.ts'
import type { Event } from '../../server/event-types.ts'
import type { EventQuery, Store } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { batchOf, runOfEvents } from '../index/fixtures.ts'
import { eventually } from '../support/eventually.ts'
import { type Asked, ask } from './app.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const NDJSON = 'application/x-ndjson'
const PAGES = 4
const MANY = PAGES * limits.exportPageItems - 7
const MUCH = 2_000
const PAGES_OF_MUCH = MUCH / limits.exportPageItems

interface Listening extends Asked {
  /** The answer of a server that listens, as it comes. */
  stream(path: string, accept?: string, authorization?: string): Promise<IncomingMessage>
  /** What the server writes to, of each request. */
  responses: ServerResponse[]
}

async function listening(
  t: TestContext,
  ...args: [readonly Event[], ((store: Store) => Store)?, Partial<ExportOptions>?]
): Promise<Listening> {
  const asked = await ask(t, ...args)
  const responses: ServerResponse[] = []
  asked.app.addHook('onRequest', async (_request, reply) => {
    responses.push(reply.raw)
  })
  await asked.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = asked.app.server.address() as AddressInfo
  return {
    ...asked,
    responses,
    async stream(path, accept = NDJSON, authorization = 'Bearer one') {
      const request = httpGet({ port, path, headers: { accept, authorization }, agent: false })
      // A reset fails the response too.
      request.on('error', () => undefined)
      const [response] = await once(request, 'response')
      return response
    }
  }
}

async function whole(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  return (await response.toArray()).join('')
}

async function objects(response: IncomingMessage): Promise<Event[]> {
  const text = await whole(response)
  assert.ok(text === '' || text.endsWith('\n'))
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

function ids(events: readonly { event: { id: string } }[]): string[] {
  return events.map(({ event }) => event.id)
}

/** A run with more results than a page of an export; `stdout` makes them as large as one likes. */
function longRun(results = MANY, stdout = 'done'): Event[] {
  const run = runOfEvents(START)
  const more = { host: { name: 'web-1' }, ansible: { result: { status: 'ok' as const, stdout } } }
  return [run.started(), ...Array.from({ length: results }, () => run.next('item.result', more))]
}

/** 2,000 events of 60 KiB, which are more than the buffers of two sockets hold. */
function muchMore(): Event[] {
  return longRun(MUCH, 'x'.repeat(60 * 1024))
}

/** The store, and how often it was asked for events. `before` is called first, and may throw. */
function counted(before: (asked: number, query: EventQuery) => void = () => undefined): {
  over(store: Store): Store
  readonly asked: number
} {
  let asked = 0
  return {
    get asked() {
      return asked
    },
    over: (store) =>
      Object.assign(Object.create(store), {
        async events(query: EventQuery, signal?: AbortSignal) {
          before(++asked, query)
          return await store.events(query, signal)
        }
      })
  }
}

test('an export as NDJSON has every item of every page, as they are answered as JSON', async (t) => {
  const { stream, get } = await listening(t, longRun())
  const response = await stream('/v1/events')
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], NDJSON)
  assert.equal(response.headers.vary, 'accept')
  const exported = await objects(response)
  assert.equal(exported.length, MANY + 1)
  const paged: unknown[] = []
  let cursor = ''
  do {
    const { body } = await get(`/v1/events?limit=1000${cursor}`)
    paged.push(...body.items)
    cursor = body.next === null ? '' : `&cursor=${body.next}`
  } while (cursor !== '')
  assert.deepEqual(exported, paged)
})

test('limit means the whole export, which may be larger than a page, and cursor is where it begins', async (t) => {
  const { stream, get } = await listening(t, longRun())
  const all = ids(await objects(await stream('/v1/events?sort=@timestamp')))
  assert.deepEqual(ids(await objects(await stream('/v1/events?sort=@timestamp&limit=1'))), all.slice(0, 1))
  const { exportPageItems } = limits
  for (const limit of [exportPageItems, exportPageItems + 1, all.length, all.length + 1, 2_000_000]) {
    const limited = await objects(await stream(`/v1/events?sort=@timestamp&limit=${limit}`))
    assert.deepEqual(ids(limited), all.slice(0, limit))
  }
  const { body } = await get('/v1/events?sort=@timestamp&limit=10')
  const rest = await objects(await stream(`/v1/events?sort=@timestamp&cursor=${body.next}`))
  assert.deepEqual(ids(rest), all.slice(10))
  const page = await get('/v1/events?limit=1001')
  assert.equal(page.body.code, 'parameter_invalid')
  assert.match(page.body.detail, /from 1 to 1000; got "1001".*application\/x-ndjson/)
})

test('runs and results are exported too, and filters and fields count', async (t) => {
  const runs = [0, 1, 2].map((which) => runOfEvents(START, { which, user: which === 1 ? 'bob' : 'alice' }))
  const events = runs.flatMap((run) => [
    run.started(),
    run.result('web-1', 'ok'),
    run.result('web-2', 'failed')
  ])
  const { stream } = await listening(t, events)
  assert.deepEqual(await objects(await stream('/v1/runs?user=alice&fields=run.id')), [
    { run: { id: runs[2]?.id } },
    { run: { id: runs[0]?.id } }
  ])
  assert.deepEqual(
    await objects(await stream(`/v1/runs/${runs[1]?.id}/results?q=status:failed&fields=host`)),
    [{ host: { name: 'web-2' } }]
  )
  assert.deepEqual(await objects(await stream('/v1/runs?user=carol')), [])
})

test('an export as CSV has a row of names, and those that are usual if none are chosen', async (t) => {
  const run = runOfEvents(START, { name: '=1+1' })
  const { stream } = await listening(t, [
    run.started(),
    run.result('web-1', 'ok'),
    run.result('web-2', 'failed')
  ])
  const response = await stream(
    '/v1/runs?fields=run.id,run.name,ansible.playbook.path,playtrail.results',
    'text/csv'
  )
  assert.equal(response.headers['content-type'], 'text/csv; charset=utf-8; header=present')
  assert.equal(
    await whole(response),
    'run.id,run.name,ansible.playbook.path,playtrail.results.ok,playtrail.results.changed,playtrail.results.failed,playtrail.results.skipped,playtrail.results.unreachable\r\n' +
      `${run.id},'=1+1,/srv/ansible/=1+1,1,0,1,0,0\r\n`
  )
  for (const path of ['/v1/runs', '/v1/events', `/v1/runs/${run.id}/results`]) {
    const [head = '', ...rows] = (await whole(await stream(path, 'text/csv'))).split('\r\n')
    assert.match(head, /^@timestamp,/)
    assert.equal(rows.length, path === '/v1/runs' ? 2 : path === '/v1/events' ? 4 : 3, path)
    assert.equal(rows.at(-1), '')
    assert.equal(rows[0]?.split(',').length, head.split(',').length)
  }
  assert.match(await whole(await stream('/v1/runs?user=carol', 'text/csv')), /^@timestamp,[^\r]*\r\n$/)
})

test('what cannot be answered is refused with the forms that can', async (t) => {
  const { stream } = await listening(t, [])
  const response = await stream('/v1/events', 'text/html')
  assert.equal(response.statusCode, 406)
  assert.match(response.headers['content-type'] ?? '', /^application\/problem\+json/)
  assert.equal(JSON.parse(await whole(response)).code, 'not_acceptable')
})

test('HEAD is answered without asking for more than the first page', async (t) => {
  const store = counted()
  const { app } = await listening(t, longRun(), store.over)
  const { port } = app.server.address() as AddressInfo
  const headers = { accept: NDJSON }
  const response = await fetch(`http://127.0.0.1:${port}/v1/events`, { method: 'HEAD', headers })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), NDJSON)
  assert.equal(response.headers.get('content-length'), null)
  assert.equal(store.asked, 1)
})

test('an export has each item once while events arrive', async (t) => {
  const events = longRun()
  const late = runOfEvents(START + 86_400_000, { which: 1 })
  let written = events.length
  const opened: { store?: Store } = {}
  const writing: Promise<unknown>[] = []
  const store = counted(() => {
    // An event that is newer than all others, and one that is older, at each page.
    const batch = [
      late.next('item.result'),
      { ...late.next('item.result'), '@timestamp': '2026-11-01T00:00:00Z' }
    ]
    writing.push(opened.store?.write(batchOf(batch, written)) ?? Promise.resolve())
    written += batch.length
  })
  const { stream, store: own } = await listening(t, events, store.over)
  opened.store = own
  const exported = ids(await objects(await stream('/v1/events')))
  await Promise.all(writing)
  assert.ok(store.asked >= PAGES)
  assert.equal(new Set(exported).size, exported.length)
  const before = exported.filter((id) => !id.startsWith(late.id))
  assert.deepEqual(before, ids(events).reverse())
})

test('the next page is asked for when the last one was taken, and no sooner', async (t) => {
  const store = counted()
  const { stream, responses } = await listening(t, muchMore(), store.over)
  const response = await stream('/v1/events')
  const [sending] = responses
  let seen = -1
  const stopped = await eventually(async () => {
    const isSame = sending?.writableNeedDrain === true && store.asked === seen
    seen = store.asked
    return isSame ? seen : undefined
  })
  assert.ok(stopped < PAGES_OF_MUCH / 2, `${stopped} pages were asked for, of which none was read`)
  assert.equal((await objects(response)).length, MUCH + 1)
})

test('a client that goes away ends the export', async (t) => {
  const store = counted()
  const { stream, responses, store: own } = await listening(t, muchMore(), store.over)
  const response = await stream('/v1/events')
  await once(response, 'readable')
  const [sending] = responses
  assert.ok(sending)
  response.destroy()
  if (!sending.closed) await once(sending, 'close')
  // The store answers one question after the other: what was under way ends before this one.
  await own.events({ limit: 1, order: 'asc' })
  const { asked } = store
  await own.events({ limit: 1, order: 'asc' })
  assert.equal(store.asked, asked)
  assert.ok(asked < PAGES_OF_MUCH / 2, `${asked} pages were asked for`)
})

test('there is room for so many exports, and for another one when one has ended or its client has gone', async (t) => {
  const pace = { ...limits, exportsMax: 2 }
  const { stream, get } = await listening(t, muchMore(), undefined, { pace })
  const [one, other] = [await stream('/v1/events'), await stream('/v1/runs', 'text/csv')]
  assert.match(await whole(other), /^@timestamp/)
  const third = await stream('/v1/events')
  assert.equal(third.statusCode, 200, 'one has ended')
  const refused = await stream('/v1/runs')
  assert.equal(refused.statusCode, 503)
  assert.ok(refused.headers['retry-after'])
  assert.equal(JSON.parse(await whole(refused)).code, 'too_many_exports')
  assert.equal((await get('/v1/runs')).status, 200, 'a page is no export')
  one.destroy()
  await eventually(async () => {
    const again = await stream('/v1/runs')
    const text = await whole(again)
    return again.statusCode === 200 ? text : undefined
  })
  third.destroy()
})

test('a client that takes nothing of an export for too long is cut', async (t) => {
  const pace = { ...limits, exportDrainMsMax: 100 }
  const { stream, responses } = await listening(t, muchMore(), undefined, { pace })
  const stuck = await stream('/v1/events')
  const failed = once(stuck, 'close').catch((error: unknown) => error)
  await eventually(async () => (responses[0]?.destroyed === true ? true : undefined))
  stuck.resume()
  assert.equal(((await failed) as NodeJS.ErrnoException).code, 'ECONNRESET')
})

test('an export is reset at the next page when its token was revoked', async (t) => {
  const revoked = new Set<string | undefined>()
  const check = (authorization: string | undefined): void => {
    if (revoked.has(authorization)) throw new Problem('token_unknown', 'It was revoked.')
  }
  const { stream } = await listening(t, muchMore(), undefined, { check })
  const one = await stream('/v1/events')
  const other = await stream('/v1/events', NDJSON, 'Bearer other')
  revoked.add('Bearer one')
  await assert.rejects(whole(one), { code: 'ECONNRESET' })
  assert.equal((await objects(other)).length, MUCH + 1)
})

test('an error at the first page is answered as a problem', async (t) => {
  const { stream } = await listening(
    t,
    longRun(),
    counted(() => {
      throw new Problem('query_timeout', 'It took too long.')
    }).over
  )
  for (const accept of [NDJSON, 'text/csv']) {
    const response = await stream('/v1/events', accept)
    assert.equal(response.statusCode, 503)
    assert.match(response.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.equal(JSON.parse(await whole(response)).code, 'query_timeout')
  }
})

test('an error after the first byte resets the connection: a part is not taken for the whole', async (t) => {
  const { stream } = await listening(
    t,
    longRun(),
    counted((asked) => {
      if (asked % 2 === 0) throw new Problem('query_timeout', 'It took too long.')
    }).over
  )
  for (const accept of [NDJSON, 'text/csv']) {
    await assert.rejects(stream('/v1/events', accept).then(whole), { code: 'ECONNRESET' })
  }
})

test('a list that is summed up is summed up once for an export of many pages', async (t) => {
  const run = runOfEvents(START)
  const hosts = Array.from({ length: 2 * limits.pageItemsMax + 1 }, (_, at) => `web-${at}`)
  let asked = 0
  const over = (store: Store): Store =>
    Object.assign(Object.create(store), {
      async hosts(...args: Parameters<Store['hosts']>) {
        asked++
        return await store.hosts(...args)
      }
    })
  const { stream } = await listening(
    t,
    hosts.map((host) => run.result(host, 'ok')),
    over
  )
  const exported = (await objects(await stream('/v1/hosts'))) as { host?: { name: string } }[]
  assert.deepEqual(
    exported.map(({ host }) => host?.name),
    hosts.toSorted()
  )
  assert.equal(asked, 1)
})

test('every list is exported with the items of its page, and its columns are its fields', async (t) => {
  const run = runOfEvents(START)
  const check = runOfEvents(START + 60_000, { which: 1 })
  const events = [
    ...[run.started(), run.result('web-1', 'changed'), run.result('web-2', 'failed'), run.finished('failed')],
    ...[check.started({ ansible: { cli: { check: true } } }), check.result('web-1', 'changed', 'configure')]
  ]
  const { app, stream, get } = await listening(t, events)
  const { paths } = app.swagger() as unknown as {
    paths: Record<string, { get?: { responses: Record<string, { content?: Record<string, unknown> }> } }>
  }
  const lists = Object.keys(paths).filter(
    (path) => paths[path]?.get?.responses[200]?.content?.['text/csv'] !== undefined
  )
  assert.ok(lists.length >= 11, lists.join(' '))
  for (const list of lists) {
    const path = list.replace('{id}', run.id).replace('{name}', 'web-1')
    const page = await get(path)
    assert.equal(page.status, 200, path)
    assert.deepEqual(await objects(await stream(path)), page.body.items, path)
    const [head = '', ...rows] = (await whole(await stream(path, 'text/csv'))).trimEnd().split('\r\n')
    assert.equal(rows.length, page.body.items.length, path)
    // A column that is no field would be empty for ever.
    const chosen = await get(`${path}?fields=${head}`)
    assert.equal(chosen.status, 200, `${path}: ${chosen.body.detail}`)
  }
})
