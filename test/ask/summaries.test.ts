import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Event } from '../../server/event-types.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { type Asked, ask, NOW } from './app.ts'

const DAY_MS = 86_400_000
const START = Date.UTC(2026, 10, 5, 9, 30)
const [INSTALL, RESTART] = ['a'.repeat(40), 'b'.repeat(40)]

/** Whatever may be in an answer that these tests look at. */
interface Summed {
  items: Item[]
  next: string | null
  code: string
  detail: string
  parameter: string
  interval: string
}
interface Item {
  host: { name: string }
  run: { id: string; name: string }
  user: { name: string }
  ansible: { task: { key: string } }
  field: string
  values: { value: string; events: number }[]
  others: number
  '@timestamp': string
  events: number
  results: Record<string, number>
}

async function answered(t: TestContext, events: readonly Event[]) {
  const asked: Asked = await ask(t, events)
  return {
    app: asked.app,
    async get<Body = Summed>(url: string): Promise<{ status: number; body: Body }> {
      const answer = await asked.app.inject(url)
      return { status: answer.statusCode, body: answer.json<Body>() }
    }
  }
}

/** `site` today by alice, with tags; `deploy` two days before, by bob, which still goes on. */
function twoRuns() {
  const site = runOfEvents(START)
  const deploy = runOfEvents(START - 2 * DAY_MS, { name: 'deploy.yml', user: 'bob' })
  const withKey = (event: Event, key: string): Event => ({
    ...event,
    event: { ...event.event, duration: 1_000_000 },
    ansible: { ...event.ansible, task: { id: 'install', name: 'install', ...event.ansible?.task, key } }
  })
  const started = site.started()
  const events = [
    deploy.started(),
    withKey(deploy.result('web-1', 'changed'), INSTALL),
    withKey(deploy.result('db-1', 'ok'), INSTALL),
    { ...started, ansible: { ...started.ansible, cli: { tags: ['nginx'], limit: 'web-*' } } },
    withKey(site.result('web-1', 'changed'), INSTALL),
    withKey(site.result('web-2', 'failed', 'restart'), RESTART),
    site.finished('failed')
  ]
  return { site, deploy, events }
}

test('hosts are listed with what came last, sorted and filtered', async (t) => {
  const { get } = await answered(t, twoRuns().events)
  const listed = async (query: string) =>
    (await get(`/v1/hosts${query}`)).body.items.map(({ host }) => host.name)
  assert.deepEqual(await listed(''), ['db-1', 'web-1', 'web-2'])
  assert.deepEqual(await listed('?sort=-last_run'), ['web-2', 'web-1', 'db-1'])
  assert.deepEqual(await listed('?sort=-last_change'), ['web-1', 'db-1', 'web-2'])
  assert.deepEqual(await listed('?sort=-failed'), ['web-2', 'db-1', 'web-1'])
  assert.deepEqual(await listed('?host=web-*'), ['web-1', 'web-2'])
  assert.deepEqual(await listed('?user=bob'), ['db-1', 'web-1'])
  assert.deepEqual(await listed('?playbook=site*&status=changed'), ['web-1'])
  assert.deepEqual(await listed('?from=now/d'), ['web-1', 'web-2'])
  assert.deepEqual(await listed('?to=2026-11-05'), ['db-1', 'web-1'])
  assert.deepEqual(await listed('?q=status:(ok%20OR%20failed)'), ['db-1', 'web-2'])
  assert.deepEqual(await listed(`?q=ansible.task.key:${RESTART}`), ['web-2'])
})

test('one request tells who changed a host last, with which tags and limit', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await answered(t, events)
  interface Host {
    last_change: { user: object; document: { run: object; ansible: { cli: object } } }
    last_failure?: object
    runs: number
  }
  const { body } = await get<Host>('/v1/hosts/web-1')
  assert.deepEqual(body.last_change.user, { name: 'alice' })
  assert.deepEqual(body.last_change.document.ansible.cli, { tags: ['nginx'], limit: 'web-*' })
  assert.deepEqual(body.last_change.document, (await get<object>(`/v1/runs/${site.id}`)).body)
  assert.deepEqual([body.last_failure, body.runs], [undefined, 2])
  const before = await get<Host>('/v1/hosts/web-1?to=now/d')
  assert.deepEqual(before.body.last_change.user, { name: 'bob' })
})

test('a host that is not there is told from one without a result that fits', async (t) => {
  const { get } = await answered(t, twoRuns().events)
  for (const url of ['/v1/hosts/web-9', '/v1/hosts/web-*', `/v1/hosts/${'h'.repeat(1024)}`]) {
    for (const path of [url, `${url}/runs`]) {
      const { status, body } = await get(path)
      assert.deepEqual([status, body.code], [404, 'host_not_found'], path)
      assert.match(body.detail ?? '', /is indexed\. One exact name is taken here\.$/)
    }
  }
  const filtered = await get('/v1/hosts/web-2?user=nobody')
  assert.match(filtered.body.detail ?? '', /^No result of a host called "web-2" .* that passes the filter\.$/)
  const { status, body } = await get('/v1/hosts/web-2/runs?user=bob')
  assert.deepEqual([status, body], [200, { items: [], next: null }])
})

test('the runs on a host have its results, and are filtered', async (t) => {
  const { site, deploy, events } = twoRuns()
  const { get } = await answered(t, events)
  const listed = async (query: string) =>
    (await get(`/v1/hosts/web-1/runs${query}`)).body.items.map(({ run }) => run.id)
  const { body } = await get('/v1/hosts/web-1/runs')
  assert.deepEqual(
    body.items.map(({ run, results }) => [run.id, results.changed, results.failed]),
    [
      [site.id, 1, 0],
      [deploy.id, 1, 0]
    ]
  )
  assert.deepEqual(await listed('?status=running'), [deploy.id])
  assert.deepEqual(await listed('?playbook=*/site.yml&user=alice&from=now/d'), [site.id])
  assert.deepEqual(await listed('?q=ansible.cli.tags:nginx'), [site.id])
})

test('playbooks and users are listed, sorted and filtered', async (t) => {
  const { get } = await answered(t, twoRuns().events)
  const playbooks = async (query: string) =>
    (await get(`/v1/playbooks${query}`)).body.items.map(({ run }) => run.name)
  const users = async (query: string) =>
    (await get(`/v1/users${query}`)).body.items.map(({ user }) => user.name)
  assert.deepEqual(await playbooks(''), ['deploy.yml', 'site.yml'])
  assert.deepEqual(await playbooks('?sort=-runs'), ['deploy.yml', 'site.yml'])
  // What has no rate comes last.
  assert.deepEqual(await playbooks('?sort=-failure_rate'), ['site.yml', 'deploy.yml'])
  assert.deepEqual(await playbooks('?sort=-duration'), ['deploy.yml', 'site.yml'])
  assert.deepEqual(await playbooks('?host=db-1'), ['deploy.yml'])
  assert.deepEqual(await playbooks('?status=failed'), ['site.yml'])
  assert.deepEqual(await users(''), ['alice', 'bob'])
  assert.deepEqual(await users('?sort=-last_run'), ['alice', 'bob'])
  assert.deepEqual(await users('?sort=-failure_rate&to=now-1d'), ['bob'])
  assert.deepEqual(await users('?playbook=*/deploy.yml'), ['bob'])
})

test('tasks are listed by how they went, and one is found by its key', async (t) => {
  const { get } = await answered(t, twoRuns().events)
  const listed = async (query: string) =>
    (await get(`/v1/tasks${query}`)).body.items.map(({ ansible }) => ansible.task.key)
  assert.deepEqual(await listed(''), [RESTART, INSTALL])
  assert.deepEqual(await listed('?sort=-change_rate'), [INSTALL, RESTART])
  assert.deepEqual(await listed('?sort=-results'), [INSTALL, RESTART])
  assert.deepEqual(await listed('?sort=key'), [INSTALL, RESTART])
  assert.deepEqual(await listed('?host=web-2'), [RESTART])
  assert.deepEqual(await listed('?status=changed&playbook=deploy.yml'), [INSTALL])
  const all = await get('/v1/tasks?sort=key')
  const one = await get<object>(`/v1/tasks/${INSTALL.toUpperCase()}`)
  assert.deepEqual(one.body, all.body.items[0])
  const missing = await get(`/v1/tasks/${'c'.repeat(40)}`)
  assert.deepEqual([missing.status, missing.body.code], [404, 'task_not_found'])
  const filtered = await get(`/v1/tasks/${INSTALL}?status=failed`)
  assert.equal(filtered.body.code, 'task_not_found')
  const wrong = await get('/v1/tasks/Install')
  assert.deepEqual([wrong.status, wrong.body.parameter], [400, 'key'])
})

test('facets are those of the fields that are named, or of all', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await answered(t, events)
  const { body } = await get('/v1/facets')
  assert.deepEqual(
    body.items.map(({ field }) => field),
    ['event.action', 'status', 'host.name', 'user.name', 'run.name']
  )
  const some = await get('/v1/facets?field=user.name,host.name,user.name&limit=1')
  assert.deepEqual(some.body.items, [
    { field: 'user.name', values: [{ value: 'alice', events: 4 }], others: 3 },
    { field: 'host.name', values: [{ value: 'web-1', events: 2 }], others: 2 }
  ])
  const ofRun = await get(`/v1/facets?run=${site.id.slice(0, 12)}&field=status&action=host.result`)
  assert.deepEqual(ofRun.body.items[0]?.values, [
    { value: 'changed', events: 1 },
    { value: 'failed', events: 1 }
  ])
})

test('a histogram has the interval that is asked for, or one that fits the time', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await answered(t, events)
  const interval = async (query: string) => (await get(`/v1/histogram${query}`)).body.interval
  const { body } = await get('/v1/histogram?interval=day')
  assert.deepEqual(
    body.items.map((item) => [item['@timestamp'], item.events]),
    [
      ['2026-11-03T00:00:00.000Z', 3],
      ['2026-11-05T00:00:00.000Z', 4]
    ]
  )
  assert.equal(await interval(''), 'hour')
  assert.equal(await interval('?interval=auto&from=now-200m&to=now'), 'minute')
  assert.equal(await interval('?from=now-201m&to=now'), 'hour')
  assert.equal(await interval('?from=now-30d'), 'day')
  assert.equal(await interval('?from=now-2y&to=now'), 'week')
  assert.equal(await interval(`?run=${site.id}`), 'minute')
  assert.equal(await interval('?user=nobody&from=now-1h'), 'minute')
})

test('the interval of a histogram fits the events that pass the filter, up to now', async (t) => {
  const old = runOfEvents(NOW - 3_000 * DAY_MS, { name: 'deploy.yml', user: 'bob' })
  const site = runOfEvents(NOW - DAY_MS / 24)
  const future = runOfEvents(NOW + 9_000 * DAY_MS, { name: 'clock.yml', user: 'carol' })
  const { get } = await answered(t, [
    old.result('db-1', 'ok'),
    site.started(),
    site.result('web-1', 'changed'),
    site.finished('changed'),
    future.result('web-9', 'failed')
  ])
  const interval = async (query: string) => (await get(`/v1/histogram${query}`)).body.interval
  assert.equal(await interval(''), 'week')
  for (const filter of ['user=alice', 'playbook=site.yml', 'host=web-1', 'status=changed', 'q=user:alice'])
    assert.equal(await interval(`?${filter}`), 'minute', filter)
  assert.equal(await interval('?from=now-2h'), 'minute')
  const { body } = await get('/v1/histogram?from=now-2h')
  assert.equal(body.items.at(-1)?.events, 1, 'what is from the future is counted all the same')
})

const lists = ['/v1/hosts', '/v1/hosts/web-1/runs', '/v1/playbooks', '/v1/users', '/v1/tasks']

test('pages joined by their cursors are the whole list, in every list and order', async (t) => {
  const { get } = await answered(t, twoRuns().events)
  const sorts = {
    '/v1/hosts': ['name', '-last_run', '-last_change', '-failed'],
    '/v1/hosts/web-1/runs': [],
    '/v1/playbooks': ['name', '-runs', '-failure_rate', '-duration'],
    '/v1/users': ['name', '-runs', '-failure_rate', '-last_run'],
    '/v1/tasks': ['-failure_rate', '-change_rate', '-flake_rate', '-duration', '-results', 'key']
  }
  for (const url of lists) {
    const orders = sorts[url as keyof typeof sorts].map((sort) => `sort=${sort}&`)
    for (const order of orders.length === 0 ? [''] : orders) {
      const { body: whole } = await get(`${url}?${order}`)
      assert.ok(whole.items.length >= 2, url)
      const joined: unknown[] = []
      let next: string | null = ''
      while (next !== null) {
        const { body }: { body: Summed } = await get(`${url}?${order}limit=1${next && `&cursor=${next}`}`)
        assert.equal(body.items.length, 1)
        joined.push(...body.items)
        next = body.next
      }
      assert.deepEqual(joined, whole.items, `${url}?${order}`)
    }
  }
})

test('fields are chosen, and a list is exported whole, sorted as it is asked for', async (t) => {
  const { app, get } = await answered(t, twoRuns().events)
  const names = { 'host.name': '/v1/hosts', 'run.name': '/v1/playbooks', 'user.name': '/v1/users' }
  for (const [field, url] of Object.entries(names)) {
    const { body: whole } = await get<{ items: Record<string, { name: string }>[] }>(`${url}?sort=name`)
    const [group = ''] = field.split('.')
    const expected = whole.items.map((item) => ({ [group]: { name: item[group]?.name } }))
    const { body } = await get<{ items: unknown[] }>(`${url}?sort=name&fields=${field}`)
    assert.deepEqual(body.items, expected)
    const headers = { accept: 'application/x-ndjson' }
    const lines = (await app.inject({ url: `${url}?sort=name&fields=${field}`, headers })).body
    assert.equal(lines, expected.map((item) => `${JSON.stringify(item)}\n`).join(''))
  }
  const headers = { accept: 'text/csv' }
  const csv = async (url: string) => (await app.inject({ url, headers })).body.split('\r\n')
  const hosts = await csv('/v1/hosts?sort=-failed&fields=host,results.failed')
  assert.deepEqual(hosts, ['host.name,results.failed', 'web-2,1', 'db-1,0', 'web-1,0', ''])
  const tasks = await csv('/v1/tasks?sort=key&limit=1')
  assert.match(tasks[0] ?? '', /^ansible.task.key,ansible.task.name,.*duration.p50,duration.p95,/)
  assert.equal(tasks.length, 3)
  assert.equal((await csv('/v1/hosts/web-1/runs')).length, 4)
  const missing = await app.inject({ url: '/v1/hosts/web-9/runs', headers })
  assert.equal(missing.statusCode, 404)
})

test('a cursor belongs to its list and its order', async (t) => {
  const { get } = await answered(t, twoRuns().events)
  const { body } = await get('/v1/hosts?limit=1')
  assert.deepEqual((await get(`/v1/hosts?cursor=${body.next}&host=*1`)).body.items.length, 1)
  const wrong = [
    `/v1/hosts?sort=-failed&cursor=${body.next}`,
    `/v1/playbooks?cursor=${body.next}`,
    `/v1/hosts/web-1/runs?cursor=${body.next}`,
    `/v1/hosts?cursor=${Buffer.from('[1,"hosts by name","0","db-1"]').toString('base64url')}`
  ]
  for (const url of wrong) {
    const refused = await get(url)
    assert.deepEqual([refused.status, refused.body.code], [400, 'cursor_invalid'], url)
  }
})

const wrongs: [url: string, parameter: string, detail: RegExp][] = [
  ['/v1/hosts?sort=-fialed', 'sort', /one of name, -last_run, .* Did you mean "-failed"/],
  ['/v1/hosts?status=running', 'status', /one of ok, changed/],
  ['/v1/hosts/web-1?host=web-2', 'host', /no parameter "host" here/],
  ['/v1/hosts/web-1/runs?sort=name', 'sort', /no parameter "sort" here/],
  ['/v1/playbooks?status=ok', 'status', /one of running, success/],
  ['/v1/users?limit=0', 'limit', /1 to 1000/],
  ['/v1/tasks?sort=name', 'sort', /one of -failure_rate/],
  ['/v1/facets?field=host.name,host.nmae', 'field', /got "host.nmae"\. Did you mean "host.name"/],
  ['/v1/facets?field=host.name,', 'field', /one of event.action/],
  ['/v1/facets?cursor=x', 'cursor', /no parameter "cursor" here/],
  ['/v1/histogram?interval=month', 'interval', /one of auto, minute, hour, day, week/],
  ['/v1/histogram?run=x', 'run', /at least 8 characters/],
  ['/v1/histogram?from=now&to=now-1d', 'to', /not before from/]
]

test('a wrong parameter is refused with what was expected and what came', async (t) => {
  const { get } = await answered(t, [])
  for (const [url, parameter, detail] of wrongs) {
    const { status, body } = await get(url)
    assert.deepEqual([status, body.code], [400, 'parameter_invalid'], url)
    assert.match(body.detail, detail)
    assert.equal(body.parameter, parameter)
  }
  const query = await get('/v1/playbooks?q=task:nginx')
  assert.equal(query.body.code, 'query_invalid')
  const run = await get('/v1/facets?run=00000000-0000')
  assert.equal(run.body.code, 'run_not_found')
})

test('facets and histogram promise no other page than the one that they have', async (t) => {
  const { app } = await answered(t, [])
  await app.ready()
  interface Described {
    parameters: { name: string; description: string }[]
    responses: {
      200: { content: { 'application/json': { schema: { properties: { next: { type: unknown } } } } } }
    }
  }
  const { paths } = app.swagger() as unknown as { paths: Record<string, { get: Described }> }
  for (const path of ['/v1/facets', '/v1/histogram']) {
    const described = paths[path]?.get
    assert.equal(described?.responses[200].content['application/json'].schema.properties.next.type, 'null')
    for (const { description } of described.parameters) assert.doesNotMatch(description, /page/, path)
  }
})

test('answers, and the examples beside their schemas, are as /openapi.json says', async (t) => {
  const { app } = await answered(t, twoRuns().events)
  await app.ready()
  const { paths } = app.swagger() as unknown as {
    paths: Record<string, { get: { responses: Record<string, Response> } }>
  }
  interface Response {
    content: Record<string, { schema: object; example?: object }>
  }
  const routes = {
    ...Object.fromEntries(lists.map((url) => [url, url.replace('web-1', '{name}')])),
    '/v1/hosts/web-1': '/v1/hosts/{name}',
    '/v1/hosts/web-2': '/v1/hosts/{name}',
    '/v1/hosts/web-9': '/v1/hosts/{name}',
    [`/v1/tasks/${INSTALL}`]: '/v1/tasks/{key}',
    '/v1/facets': '/v1/facets',
    '/v1/facets?field=none': '/v1/facets',
    '/v1/histogram': '/v1/histogram'
  }
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    keywords: ['x-required']
  })
  addFormats.default(ajv)
  for (const [url, path] of Object.entries(routes)) {
    const answer = await app.inject(url)
    const described = paths[path]?.get.responses[answer.statusCode]
    const media = described?.content[answer.headers['content-type']?.split(';')[0] ?? '']
    assert.ok(media, `${path} describes its ${answer.statusCode}`)
    const { schema, example } = media
    assert.ok(ajv.validate(schema, answer.json()), `${url}: ${ajv.errorsText()}`)
    if (answer.statusCode !== 200) continue
    assert.ok(example, `${path} has an example`)
    assert.ok(ajv.validate(schema, example), `example of ${path}: ${ajv.errorsText()}`)
  }
})
