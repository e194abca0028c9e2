import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from './api.ts'
import { anEvent, aRun, eventsOfRun, itemOf, RUN_ID } from './documents.ts'
import { playtrail } from './world.ts'

test('an event is a line that says when, what kind, of what, where, how, by whom and which task', async (t) => {
  const { url } = await startApi(t, { events: eventsOfRun().slice(6, 8) })
  const { stdout, exitCode } = await playtrail(['events', '--url', url])
  assert.equal(exitCode, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.match(lines[0] ?? '', /^TIME +ACTION +PLAYBOOK +HOST +STATUS +USER +WHAT$/)
  assert.match(
    lines[2] ?? '',
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d {2}host\.result {2}site\.yml {2}web-08 {2}failed {2}alice@control-1 {2}Restart nginx$/
  )
})

test('events are asked for newest first, unless the other order is wanted', async (t) => {
  const { url, asked } = await startApi(t, { events: eventsOfRun() })
  await playtrail(['events', '--url', url])
  await playtrail([
    'events',
    '--url',
    url,
    '--sort',
    '@timestamp',
    '--action',
    'host.result',
    '--status',
    'ok'
  ])
  assert.deepEqual(Object.fromEntries(asked[0]?.searchParams ?? []), {
    sort: '-@timestamp',
    heartbeats: 'false',
    limit: '50'
  })
  assert.deepEqual(Object.fromEntries(asked[1]?.searchParams ?? []), {
    status: 'ok',
    action: 'host.result',
    sort: '@timestamp',
    limit: '50'
  })
})

test('the events of a run are asked for by its whole id, also when only its beginning is given', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()], events: eventsOfRun() })
  await playtrail(['events', '--url', url, '--run', RUN_ID.slice(0, 13)])
  assert.equal(asked[1]?.searchParams.get('run'), RUN_ID)
  await playtrail(['events', '--url', url, '--run', 'last'])
  assert.equal(asked[3]?.searchParams.get('run'), RUN_ID)
})

test('events as JSON are the documents of the API, one a line, over all pages', async (t) => {
  const events = Array.from({ length: 1_200 }, (_, sequence) => anEvent(sequence, 'host.retry'))
  const { url } = await startApi(t, { events })
  const { stdout } = await playtrail(['events', '--url', url, '--json', '--all'])
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    events
  )
})

test('no event is no failure, and says what to try', async (t) => {
  const { url } = await startApi(t, { events: [] })
  const { exitCode, stdout, stderr } = await playtrail(['events', '--url', url, '--host', 'web-99'])
  assert.deepEqual([exitCode, stdout], [0, ''])
  assert.match(stderr, /^No events match\. Leave out a filter/)
})

test('heartbeats are left out, unless all events or that action are asked for', async (t) => {
  const { url, asked } = await startApi(t, { events: eventsOfRun() })
  await playtrail(['events', '--url', url])
  await playtrail(['events', '--url', url, '--all'])
  await playtrail(['events', '--url', url, '--action', 'run.heartbeat'])
  assert.deepEqual(
    asked.map(({ searchParams }) => searchParams.get('heartbeats')),
    ['false', null, null]
  )
})

test('every kind of event says what happened, in one line', async (t) => {
  const task = { id: 't1', name: 'Create the users', occurrence: 1 }
  const role = { ...task, role: 'web' }
  const aborted = (reason: 'interrupted' | 'silent', message: string) => ({
    run: { id: RUN_ID, name: 'site.yml', status: 'aborted' as const, reason },
    error: { message }
  })
  const events: [ReturnType<typeof anEvent>, string][] = [
    [itemOf(0, 'a', task, { number: 1, label: 'bob' }, { status: 'ok' }), 'Create the users (item=bob)'],
    [itemOf(1, 'a', task, { number: 2 }, { status: 'ok' }), 'Create the users (item 2)'],
    [
      anEvent(2, 'host.retry', {
        ansible: { task: role, retry: { attempt: 1, retries: 3, msg: 'not yet' } }
      }),
      'web : Create the users: try 1 of 3 failed: not yet'
    ],
    [
      anEvent(3, 'host.retry', { ansible: { task, retry: { attempt: 2, rc: 7 } } }),
      'Create the users: try 2 failed: rc=7'
    ],
    [
      anEvent(4, 'tasks.included', {
        ansible: { include: { kind: 'tasks', name: 'a.yml', hosts_total: 2, hosts: ['a', 'b'] } }
      }),
      'included a.yml for a, b'
    ],
    [
      anEvent(5, 'tasks.included', {
        ansible: { include: { kind: 'role', name: 'web', hosts_total: 900, hosts: ['a'] } }
      }),
      'included role web for 900 hosts'
    ],
    [
      anEvent(6, 'handler.notified', { ansible: { task, handler: { name: 'Restart nginx' } } }),
      'Restart nginx, notified by Create the users'
    ],
    [anEvent(7, 'run.aborted', aborted('interrupted', 'Interrupted by Ctrl-C.')), 'interrupted by Ctrl-C'],
    [anEvent(8, 'run.aborted', aborted('silent', 'Nothing was heard.')), 'fell silent: Nothing was heard.'],
    [
      anEvent(9, 'spool.dropped', { spool: { reason: 'size', events: 40, bytes: 52_816 } }),
      '40 events (52 KiB) dropped: the spool was full'
    ],
    [
      anEvent(10, 'spool.dropped', { spool: { reason: 'age', events: 1, bytes: 10 } }),
      '1 event (1 KiB) dropped: they had waited for too long'
    ]
  ]
  const { url } = await startApi(t, { events: events.map(([event]) => event) })
  const [, ...lines] = (await playtrail(['events', '--url', url])).stdout.trimEnd().split('\n')
  assert.equal(lines.length, events.length)
  for (const [at, [, words]] of events.entries()) assert.ok(lines[at]?.endsWith(`  ${words}`), lines[at])
})

test('a query is handed to the API as it is written', async (t) => {
  const { url, asked } = await startApi(t, { events: eventsOfRun() })
  const query = 'host:web-07 AND "nginx failed"'
  await playtrail(['events', '--url', url, '-q', query])
  await playtrail(['runs', '--url', url, '--query', query])
  assert.deepEqual(
    asked.map(({ searchParams }) => searchParams.get('q')),
    [query, query]
  )
})
