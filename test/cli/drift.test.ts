import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer, Item } from '../../client/client.ts'
import { startApi } from './api.ts'
import { RUN_ID } from './documents.ts'
import { playtrail } from './world.ts'

type Page = Answer<'GET /v1/drift'>

const seen = (time: string) => ({
  '@timestamp': time,
  run: { id: RUN_ID },
  event: { sequence: 3 },
  user: { name: 'cron' }
})
const drifted: Item<'GET /v1/drift'> = {
  host: { name: 'web-07' },
  run: { name: 'site.yml' },
  ansible: { task: { key: 'k', name: 'Install the configuration', role: 'nginx' } },
  paths: ['/etc/nginx.conf'],
  since: '2026-11-01T09:00:00Z',
  runs: 4,
  first: seen('2026-11-01T09:00:00Z'),
  last: seen('2026-11-05T09:30:00Z')
}
const looked: Page['checked'] = {
  from: '2026-10-06T09:33:30Z',
  to: '2026-11-05T09:33:30Z',
  runs: 30,
  last: { '@timestamp': '2026-11-05T09:30:00Z', run: { id: RUN_ID, status: 'changed' } }
}

test('drift is a line that says where, what, since when, and who saw it last', async (t) => {
  const page: Page = { items: [drifted], next: null, checked: looked }
  const { url, asked } = await startApi(t, { documents: { '/v1/drift': page } })
  const { stdout, stderr, exitCode } = await playtrail([
    'drift',
    '--url',
    url,
    '--host',
    'web-*',
    '--playbook',
    'site.yml'
  ])
  assert.equal(exitCode, 0)
  assert.match(stdout, /^HOST +TASK +FILES +PLAYBOOK +SINCE +CHECKS +LAST CHECK\n/)
  assert.match(
    stdout,
    /\nweb-07 {2}nginx : Install the configuration {2}\/etc\/nginx\.conf {2}site\.yml {2}Sunday \d\d:00 +4 {2}3 minutes ago cron\n$/
  )
  assert.equal(stderr, '30 check runs in this time, the last 3 minutes ago.\n')
  assert.deepEqual(Object.fromEntries(asked[0]?.searchParams ?? []), {
    playbook: 'site.yml',
    host: 'web-*',
    limit: '50'
  })
})

test('no drift is told apart from nobody having looked', async (t) => {
  const { runs: _, last: _last, ...time } = looked
  const ends: [Page['checked'], RegExp][] = [
    [looked, /^No drift\.\n30 check runs in this time, the last 3 minutes ago\.\n$/],
    [
      { ...time, runs: 0 },
      /^Nobody has looked from 6 Oct \d\d:33 to just now: run a playbook with --check --diff, or/
    ]
  ]
  for (const [checked, said] of ends) {
    const { url } = await startApi(t, { documents: { '/v1/drift': { items: [], next: null, checked } } })
    const { stdout, stderr, exitCode } = await playtrail(['drift', '--url', url])
    assert.deepEqual([exitCode, stdout], [0, ''])
    assert.match(stderr, said)
  }
})

test('drift as JSON is the items of the API, and nothing else is said', async (t) => {
  const page: Page = { items: [drifted], next: null, checked: looked }
  const { url } = await startApi(t, { documents: { '/v1/drift': page } })
  const { stdout, stderr } = await playtrail(['drift', '--url', url, '--json'])
  assert.deepEqual([JSON.parse(stdout), stderr], [drifted, ''])
})
