import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerProblem, startApi } from './api.ts'
import { aRun, resultOf } from './documents.ts'
import { theHost } from './summaries.ts'
import { playtrail } from './world.ts'

const HOST = '/v1/hosts/web-07'
const results = { ok: 4, changed: 1, failed: 0, skipped: 0, unreachable: 0 }
const onHost = { ...aRun(), host: { name: 'web-07' }, results }
const change = resultOf(
  3,
  'web-07',
  { id: 't1', occurrence: 1, name: 'Install the configuration', role: 'nginx' },
  { status: 'changed' },
  { diff: [{ path: '/etc/nginx.conf' }, { path: '/etc/nginx.conf' }, { path: '/etc/mime.types' }] }
)
const content = {
  events: [change],
  lists: { [`${HOST}/runs`]: [onHost] },
  documents: { [HOST]: theHost() }
}

test('a host says who changed it last, with which tags and limit, from which commit, and its runs', async (t) => {
  const { url } = await startApi(t, content)
  const { stdout, stderr, exitCode } = await playtrail(['host', 'web-07', '--url', url])
  assert.deepEqual([exitCode, stderr], [0, ''])
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}[+-]\\d\\d:\\d\\d'
  assert.match(
    stdout,
    new RegExp(`^web-07
  Last change  ${time} \\(3 minutes ago\\) by alice: site.yml, run 019a5344-9e0b
               tags web · skip tags slow · limit web-\\*
               git main@0a1b2c3d4e5f of https://git.example/shop.git
               CI gitlab https://ci.example/jobs/17
  Last failure ${time} \\(20 Oct \\d\\d:00\\) by bob: run 019a5344-9e0b
  Last run     ${time} \\(3 minutes ago\\) by alice: site.yml, run 019a5344-9e0b
  Results      ok 12 · changed 3 · failed 1 in 4 runs of all time

STARTED        STATUS  PLAYBOOK  USER             WITH                                       HOSTS  RESULTS            DURATION  ID
3 minutes ago  failed  site.yml  alice@control-1  --tags web --skip-tags slow --limit web-\\*      2  ok 4 · changed 1  2 min 3 s  019a5344-9e0b
$`)
  )
})

test('with --changes it says what was changed: when, which task, which files, in which run, by whom', async (t) => {
  const { url, asked } = await startApi(t, content)
  const args = ['host', 'web-07', '--changes', '--from', 'now-1d', '-q', 'task:nginx OR task:php']
  const { stdout, exitCode } = await playtrail([...args, '--url', url])
  assert.equal(exitCode, 0)
  assert.ok(
    stdout.endsWith(`
What changed
WHEN           TASK                               FILES                             PLAYBOOK  USER             RUN
3 minutes ago  nginx : Install the configuration  /etc/nginx.conf, /etc/mime.types  site.yml  alice@control-1  019a5344-9e0b
`)
  )
  const [summary, runs, events] = asked
  assert.deepEqual([summary?.pathname, summary?.search], [HOST, ''], 'the host as it is now')
  assert.deepEqual(Object.fromEntries(runs?.searchParams ?? []), { from: 'now-1d', limit: '20' })
  assert.deepEqual(Object.fromEntries(events?.searchParams ?? []), {
    from: 'now-1d',
    host: 'web-07',
    action: 'host.result',
    status: 'changed',
    q: '(task:nginx OR task:php) AND NOT ansible.task.check_mode:true',
    limit: '20'
  })
})

test('a host that never changed or failed says so', async (t) => {
  const host = theHost()
  delete host.last_change
  delete host.last_failure
  const { url, asked } = await startApi(t, { lists: { [`${HOST}/runs`]: [] }, documents: { [HOST]: host } })
  const { stdout, stderr } = await playtrail(['host', 'web-07', '--url', url, '-q', 'user:alice'])
  assert.match(stdout, / {2}Last change {2}none that is recorded\n {2}Last failure none that is recorded\n/)
  assert.match(stderr, /^No runs on it match\. Leave out --query\.\n/)
  assert.equal(asked[1]?.searchParams.get('q'), 'user:alice')
  const later = await playtrail(['host', 'web-07', '--url', url, '--from', 'now-1h', '--changes'])
  assert.equal(later.stderr, 'No runs in this time.\nNo changes in this time.\n')
  const any = await playtrail(['host', 'web-07', '--url', url])
  assert.equal(any.stderr, 'No runs on it.\n')
})

test('a host as JSON is one object with its runs, and its changes where they are asked for', async (t) => {
  const { url } = await startApi(t, content)
  const args = ['host', 'web-07', '--url', url, '--json']
  assert.deepEqual(JSON.parse((await playtrail(args)).stdout), { host: theHost(), runs: [onHost] })
  assert.deepEqual(JSON.parse((await playtrail([...args, '--changes'])).stdout), {
    host: theHost(),
    runs: [onHost],
    changes: [change]
  })
})

test('CSV of a host are its runs, or its changes', async (t) => {
  const { url, asked } = await startApi(t, { ...content, csv: 'a\r\n' })
  for (const [more, path] of [
    [[], `${HOST}/runs`],
    [['--changes'], '/v1/events']
  ] as const) {
    assert.equal((await playtrail(['host', 'web-07', '--url', url, '--csv', ...more])).stdout, 'a\r\n')
    assert.equal(asked.at(-1)?.pathname, path)
  }
})

test('a host that is not there is refused, with what to do', async (t) => {
  const { url } = await startApi(t, { answer: answerProblem('host_not_found', 'No result of it.') })
  const { exitCode, stderr } = await playtrail(['host', 'web-99', '--url', url])
  assert.equal(exitCode, 1)
  assert.equal(
    stderr,
    'playtrail: No such host: No result of it.\nplaytrail hosts shows those there are; its --host takes a *.\n'
  )
})

test('the name of a host is a name, whatever it looks like', async (t) => {
  const { url, asked } = await startApi(t, {})
  await playtrail(['host', 'a/b?c#d', '--url', url])
  assert.equal(asked[0]?.pathname, '/v1/hosts/a%2Fb%3Fc%23d')
})
