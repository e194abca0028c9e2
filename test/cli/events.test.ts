import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from './api.ts'
import { anEvent, aRun, eventsOfRun, RUN_ID } from './documents.ts'
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
  assert.deepEqual(Object.fromEntries(asked[0]?.searchParams ?? []), { sort: '-@timestamp', limit: '50' })
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
