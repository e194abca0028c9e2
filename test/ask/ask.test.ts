import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../server/event-types.ts'
import { type RunOfEvents, runOfEvents } from '../index/fixtures.ts'
import { ask } from './app.ts'

const DAY_MS = 86_400_000
const START = Date.UTC(2026, 10, 5, 9, 30)

/** Two runs: `site` today, which failed on web-2, and `deploy` two days before, by bob, which still goes on. */
function twoRuns(): { site: RunOfEvents; deploy: RunOfEvents; events: Event[] } {
  const site = runOfEvents(START)
  const deploy = runOfEvents(START - 2 * DAY_MS, { name: 'deploy.yml', user: 'bob' })
  const events = [
    deploy.started(),
    deploy.result('db-1', 'ok'),
    site.started(),
    site.result('web-1', 'changed'),
    site.result('web-2', 'failed'),
    site.finished('failed')
  ]
  return { site, deploy, events }
}

test('runs are listed newest first, and filtered', async (t) => {
  const { site, deploy, events } = twoRuns()
  const { get } = await ask(t, events)
  const listed = async (query: string) => (await get(`/v1/runs${query}`)).body.items.map(({ run }) => run.id)
  assert.deepEqual(await listed(''), [site.id, deploy.id])
  const ofSite = [
    'playbook=site.yml',
    'playbook=*/site.yml',
    'host=web-*',
    'user=alice',
    'status=failed',
    'from=now/d'
  ]
  for (const filter of ofSite) assert.deepEqual(await listed(`?${filter}`), [site.id], filter)
  const ofDeploy = [
    'playbook=d*',
    'host=db-1',
    'user=bob',
    'status=running',
    'to=2026-11-05',
    'from=now-3d&to=now-1d'
  ]
  for (const filter of ofDeploy) assert.deepEqual(await listed(`?${filter}`), [deploy.id], filter)
  assert.deepEqual(await listed('?host=web-*&user=bob'), [])
})

test('a run is found by its id and by its beginning, in upper case too', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await ask(t, events)
  for (const id of [site.id, site.id.slice(0, 13), site.id.toUpperCase()]) {
    const { status, body } = await get(`/v1/runs/${id}`)
    assert.equal(status, 200)
    assert.equal(body.run.id, site.id)
  }
})

test('a run that is not there, and a beginning that fits several, are told apart', async (t) => {
  const runs = [0, 1, 2, 3, 4, 5].map((which) => runOfEvents(START, { which }))
  const { get } = await ask(
    t,
    runs.map((run) => run.started())
  )
  const missing = await get('/v1/runs/00000000-0000-7000-8000-000000000000')
  assert.equal(missing.status, 404)
  assert.equal(missing.body.code, 'run_not_found')
  const ambiguous = await get(`/v1/runs/${runs[0]?.id.slice(0, 35)}`)
  assert.equal(ambiguous.status, 409)
  assert.equal(ambiguous.body.code, 'run_ambiguous')
  assert.match(ambiguous.body.detail, /^More than 5 runs begin with/)
  assert.equal(ambiguous.body.runs.length, 5)
})

test('what is no beginning of an id is refused', async (t) => {
  const { get } = await ask(t, [])
  for (const id of ['019a534', 'site.yml', '019a5344%25', `019a5344-${'0'.repeat(40)}`]) {
    const { status, body } = await get(`/v1/runs/${id}`)
    assert.equal(status, 400, id)
    assert.equal(body.code, 'parameter_invalid')
    assert.match(body.detail, /at least 8 characters/)
  }
})

test('results are those of the run, in order, and filtered', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await ask(t, events)
  const listed = async (query: string) =>
    (await get(`/v1/runs/${site.id.slice(0, 8)}/results${query}`)).body.items.map(({ event }) => event.id)
  assert.deepEqual(await listed(''), [`${site.id}:1`, `${site.id}:2`])
  assert.deepEqual(await listed('?status=failed'), [`${site.id}:2`])
  assert.deepEqual(await listed('?host=*-1'), [`${site.id}:1`])
  const { status, body } = await get('/v1/runs/00000000-0000/results')
  assert.equal(status, 404)
  assert.equal(body.code, 'run_not_found')
})

test('events are listed by time in both directions, and filtered', async (t) => {
  const { site, deploy, events } = twoRuns()
  const { get } = await ask(t, events)
  const listed = async (query: string) =>
    (await get(`/v1/events${query}`)).body.items.map(({ event }) => event.id)
  const byTime = events.map(({ event }) => event.id)
  assert.deepEqual(await listed('?sort=@timestamp'), byTime)
  assert.deepEqual(await listed(''), byTime.toReversed())
  assert.deepEqual(await listed('?sort=-@timestamp&limit=1'), [`${site.id}:3`])
  assert.deepEqual(await listed(`?run=${deploy.id.slice(0, 9)}&action=host.result`), [`${deploy.id}:1`])
  assert.deepEqual(await listed('?status=failed&host=web-2'), [`${site.id}:2`])
  assert.deepEqual(await listed('?status=running&user=bob'), [`${deploy.id}:0`])
  assert.deepEqual(await listed('?playbook=deploy*&to=2026-11-03T09:30:01Z'), [`${deploy.id}:0`])
  assert.deepEqual(await listed('?from=2026-11-03T10:30:01%2B01:00&to=now/d'), [`${deploy.id}:1`])
})

test('pages joined by their cursors are the whole list, in every list', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await ask(t, events)
  for (const [url, total] of [
    ['/v1/runs', 2],
    [`/v1/runs/${site.id}/results`, 2],
    ['/v1/events', 6]
  ] as const) {
    const { body: whole } = await get(url)
    assert.equal(whole.items.length, total)
    assert.equal(whole.next, null)
    const joined: unknown[] = []
    let next: string | null = ''
    while (next !== null) {
      const { body } = await get(`${url}?limit=1${next && `&cursor=${next}`}`)
      assert.equal(body.items.length, 1)
      joined.push(...body.items)
      next = body.next
    }
    assert.deepEqual(joined, whole.items)
  }
})

test('a cursor is taken by the list that gave it, with any filters, and by no other', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await ask(t, events)
  const { body } = await get('/v1/events?limit=2')
  const { body: on } = await get(`/v1/events?cursor=${body.next}&host=web-1`)
  assert.deepEqual(
    on.items.map(({ event }) => event.id),
    [`${site.id}:1`]
  )
  const oldVersion = Buffer.from('[0,"events",1,2]').toString('base64url')
  const otherKinds = Buffer.from('[1,"events","1",{}]').toString('base64url')
  const wrong = [
    `/v1/runs?cursor=${body.next}`,
    '/v1/events?cursor=x',
    `/v1/events?sort=@timestamp&cursor=${body.next}`,
    `/v1/events?cursor=${oldVersion}`,
    `/v1/events?cursor=${otherKinds}`
  ]
  for (const url of wrong) {
    const refused = await get(url)
    assert.equal(refused.status, 400, url)
    assert.equal(refused.body.code, 'cursor_invalid')
  }
})

const refusals: [url: string, parameter: string, detail: RegExp][] = [
  ['/v1/runs?limit=0', 'limit', /whole number from 1 to 1000; got "0"/],
  ['/v1/runs?limit=1001', 'limit', /1 to 1000/],
  ['/v1/runs?limit=1e2', 'limit', /1 to 1000/],
  ['/v1/runs?status=fialed', 'status', /one of running, .* got "fialed"\. Did you mean "failed"\?/],
  [
    '/v1/runs?hosts=web-1',
    'hosts',
    /no parameter "hosts" here\. Did you mean "host"\? Known are q, playbook, host,/
  ],
  ['/v1/runs?sort=x', 'sort', /no parameter "sort" here\. Known are/],
  ['/v1/runs?__proto__=x', '__proto__', /no parameter/],
  ['/v1/runs?from=yesterday', 'from', /such as 2026-11-05T09:30:00Z, .* got "yesterday"/],
  ['/v1/runs?from=now-1d&to=now-2d', 'to', /not before from, 2026-11-04T/],
  ['/v1/events?from=now%2B999999999d', 'from', /a time such as/],
  ['/v1/runs?from=now+1d', 'from', /plus sign is written %2B/],
  ['/v1/runs?host=', 'host', /at least one character/],
  ['/v1/runs?host=a&host=b', 'host', /to be given once; got "a,b"/],
  [`/v1/runs?host=${'a'.repeat(1025)}`, 'host', /at most 1024 characters/],
  ['/v1/runs/00000000-0000?limit=1', 'limit', /Known are fields/],
  ['/v1/events?status=success1', 'status', /Did you mean "success"/],
  ['/v1/events?action=host.results', 'action', /Did you mean "host.result"/],
  ['/v1/events?heartbeats=no', 'heartbeats', /one of true, false/],
  ['/v1/events?sort=@time', 'sort', /one of -@timestamp, @timestamp/],
  ['/v1/events?run=r-1', 'run', /at least 8 characters/]
]

test('a wrong parameter is refused with what was expected and what came', async (t) => {
  const { get } = await ask(t, [])
  for (const [url, parameter, detail] of refusals) {
    const { status, body } = await get(url)
    assert.equal(status, 400, url)
    assert.equal(body.code, 'parameter_invalid')
    assert.match(body.detail, detail)
    assert.equal(body.parameter, parameter)
  }
  const { status } = await get(`/v1/runs?host=${'a'.repeat(1024)}&limit=1000`)
  assert.equal(status, 200)
})

test('heartbeats are among the events unless they are left out', async (t) => {
  const run = runOfEvents(START)
  const { get } = await ask(t, [run.started(), run.next('run.heartbeat'), run.finished('success')])
  const count = async (query: string) => (await get(`/v1/events${query}`)).body.items.length
  assert.equal(await count(''), 3)
  assert.equal(await count('?heartbeats=true'), 3)
  assert.equal(await count('?heartbeats=false'), 2)
})

test('events and results are found by a query, which says where it is wrong', async (t) => {
  const { site, events } = twoRuns()
  const { get } = await ask(t, events)
  const found = async (url: string) => (await get(url)).body.items.map(({ event }) => event.id)
  const q = encodeURIComponent('host:web-* AND status:failed AND @timestamp:>=now/d')
  assert.deepEqual(await found(`/v1/events?q=${q}`), [`${site.id}:2`])
  assert.deepEqual(await found(`/v1/events?q=${q}&host=web-1`), [])
  assert.deepEqual(await found(`/v1/runs/${site.id}/results?q=status:changed`), [`${site.id}:1`])
  const wrong = await get('/v1/events?q=hst:web-1')
  assert.equal(wrong.status, 400)
  assert.equal(wrong.body.code, 'query_invalid')
  assert.match(wrong.body.detail, /There is no field "hst"\. Did you mean "host"\?/)
  const long = await get(`/v1/events?q=${'x'.repeat(2_001)}`)
  assert.equal(long.body.code, 'query_too_costly')
})
