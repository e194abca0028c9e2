import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from './api.ts'
import { aRun, numberedRun, RUN_ID } from './documents.ts'
import { playtrail } from './world.ts'

test('a run is a line that says when, how, what, who, with which tags and limit, on how many hosts, and what came of it', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()] })
  const { stdout, stderr, exitCode } = await playtrail(['runs', '--url', url])
  assert.equal(exitCode, 0)
  assert.equal(stderr, '')
  assert.equal(
    stdout,
    `STARTED        STATUS  PLAYBOOK  USER             WITH                                       HOSTS  RESULTS                                    DURATION  ID
3 minutes ago  failed  site.yml  alice@control-1  --tags web --skip-tags slow --limit web-*      2  ok 12 · changed 3 · failed 1 · skipped 2  2 min 3 s  019a5344-9e0b
`
  )
})

test('the filters go to the server under the names of the API, and only those that were given', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()] })
  const filters = ['--playbook', 'site*', '--host', 'web-07', '--user', 'alice', '--status', 'failed']
  await playtrail(['runs', '--url', url, ...filters, '--from', 'now-7d', '--to', 'now', '--limit', '5'])
  assert.equal(asked[0]?.pathname, '/v1/runs')
  assert.deepEqual(Object.fromEntries(asked[0]?.searchParams ?? []), {
    playbook: 'site*',
    host: 'web-07',
    user: 'alice',
    status: 'failed',
    from: 'now-7d',
    to: 'now',
    limit: '5'
  })
  await playtrail(['runs', '--url', url])
  assert.deepEqual(Object.fromEntries(asked[1]?.searchParams ?? []), { limit: '20' })
})

test('a list that may lack what was recorded last says so, also where it is empty', async (t) => {
  for (const runs of [[aRun()], []]) {
    const { url } = await startApi(t, { runs, lag: 1234 })
    const { stderr, exitCode } = await playtrail(['runs', '--url', url])
    assert.equal(exitCode, 0)
    assert.match(stderr, /The index is 1234 events behind: what was recorded last may be missing here\.\n$/)
  }
})

test('a list that goes on says how to see more, beside the list and not in it', async (t) => {
  const { url, asked } = await startApi(t, { runs: Array.from({ length: 30 }, (_, n) => numberedRun(n)) })
  const { stdout, stderr } = await playtrail(['runs', '--url', url])
  assert.equal(stdout.split('\n').length, 1 + 20 + 1)
  assert.equal(stderr, 'There are more: --limit 40 shows twice as many, --all shows all.\n')
  assert.equal(asked.length, 1)
})

test('a list that ends where its limit is says nothing of more', async (t) => {
  const { url } = await startApi(t, { runs: Array.from({ length: 20 }, (_, n) => numberedRun(n)) })
  assert.equal((await playtrail(['runs', '--url', url])).stderr, '')
})

test('all runs are fetched page by page, each shown once', async (t) => {
  const runs = Array.from({ length: 2_500 }, (_, n) => numberedRun(n))
  const { url, asked } = await startApi(t, { runs })
  const { stdout } = await playtrail(['runs', '--url', url, '--all', '--json'])
  const ids = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).run.id)
  assert.deepEqual(
    ids,
    runs.map(({ run }) => run.id)
  )
  assert.deepEqual(
    asked.map(({ searchParams }) => searchParams.get('cursor')),
    [null, '1000', '2000']
  )
})

test('a limit beyond one page is kept to the item', async (t) => {
  const { url } = await startApi(t, { runs: Array.from({ length: 2_500 }, (_, n) => numberedRun(n)) })
  const { stdout, stderr } = await playtrail(['runs', '--url', url, '--limit', '1001'])
  assert.equal(stdout.trimEnd().split('\n').length, 1 + 1_001)
  assert.match(stderr, /There are more/)
})

test('runs as JSON are the documents of the API, one a line', async (t) => {
  const { url } = await startApi(t, { runs: [aRun(), numberedRun(2)] })
  const { stdout, stderr } = await playtrail(['runs', '--url', url, '--json', '--limit', '1'])
  assert.deepEqual(JSON.parse(stdout), aRun())
  assert.equal(stdout.split('\n').length, 2)
  assert.equal(stderr, '')
})

test('an empty list is no failure, and says what to try', async (t) => {
  const { url } = await startApi(t, { runs: [] })
  const unfiltered = await playtrail(['runs', '--url', url])
  assert.deepEqual([unfiltered.exitCode, unfiltered.stdout], [0, ''])
  assert.match(unfiltered.stderr, /^No runs yet\. Run a playbook/)
  const filtered = await playtrail(['runs', '--url', url, '--user', 'bob'])
  assert.match(filtered.stderr, /^No runs match\. Leave out a filter/)
  assert.equal((await playtrail(['runs', '--url', url, '--json'])).stderr, '')
})

test('a dry run, a running run and a run whose start never arrived are told apart', async (t) => {
  const start = '2026-11-05T09:31:00Z'
  const id = (digit: number) => `019a5344-000${digit}-7c3f-8a51-6d1e0c9b7a42`
  const { playtrail: counts } = aRun()
  const dry = aRun({
    run: { id: id(1), status: 'changed', name: 'site.yml' },
    ansible: { cli: { check: true } }
  })
  const running = aRun({ run: { id: id(2), status: 'running', name: 'site.yml' }, event: { start } })
  const bare = {
    '@timestamp': start,
    run: { id: id(3), status: 'aborted' },
    event: { start },
    playtrail: counts
  } as const
  const { url } = await startApi(t, { runs: [dry, running, bare] })
  const lines = (await playtrail(['runs', '--url', url])).stdout.split('\n')
  assert.match(lines[1] ?? '', /changed +site\.yml \(check\)/)
  assert.match(lines[2] ?? '', /running .* 2 min 30 s … /)
  assert.match(lines[3] ?? '', /aborted +ok 12/)
})

test('an aborted run says why', async (t) => {
  const run = aRun({ run: { id: RUN_ID, status: 'aborted', reason: 'silent', name: 'site.yml' } })
  const { url } = await startApi(t, { runs: [run] })
  assert.match((await playtrail(['runs', '--url', url])).stdout, / {2}aborted \(silent\) {2}site\.yml /)
})

test('runs of the same millisecond are shown with their whole ids, which are enough for show', async (t) => {
  const twin = aRun({ run: { id: RUN_ID.replace('7c3f', '7c40'), status: 'success' } })
  const { url } = await startApi(t, { runs: [aRun(), twin, numberedRun(1)] })
  const { stdout } = await playtrail(['runs', '--url', url])
  assert.match(stdout, new RegExp(` ${RUN_ID}\n`))
  assert.match(stdout, / 019a5344-0001\n/)
})

test('on a terminal the list fits, and a status has its colour', async (t) => {
  const wide = aRun({
    run: { id: RUN_ID, status: 'failed', name: 'a-very-long-name-of-a-playbook'.repeat(5) }
  })
  const { url } = await startApi(t, { runs: [wide] })
  const { stdout } = await playtrail(['runs', '--url', url], { columns: 100, env: { NO_COLOR: '1' } })
  for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line)
  assert.match(stdout, /…/)
  assert.match(stdout, /019a5344-9e0b\n/)
  const coloured = await playtrail(['runs', '--url', url], { columns: 100 })
  assert.ok(coloured.stdout.includes('\x1b[31mfailed\x1b[39m'))
})

test('on a terminal of 80 columns the list fits, in short forms', async (t) => {
  const id = RUN_ID.replace('9e0b', '9e0c')
  const dry = aRun({
    run: { id, status: 'unreachable', name: 'site.yml' },
    ansible: { cli: { check: true }, hosts: { total: 12 } }
  })
  const { url } = await startApi(t, { runs: [aRun(), dry] })
  const { stdout } = await playtrail(['runs', '--url', url], { columns: 80, env: { NO_COLOR: '1' } })
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  assert.match(stdout, /^STARTED .* TOOK +ID\n3 min ago {2}failed .* 2m 3s {2}019a5344-9e0b\n/)
  assert.match(stdout, /unreachable {2}\(/, 'that it was a dry run is seen, although the name is cut')
})

test('a name cannot drive the terminal, nor make a line of its own', async (t) => {
  const name = 'x\x1b[2J\x1b]0;owned\x07\nfake line\u202e'
  const hostile = aRun({
    run: { id: RUN_ID, status: 'success', name },
    user: { name },
    observer: { hostname: name }
  })
  const { url } = await startApi(t, { runs: [hostile] })
  const { stdout } = await playtrail(['runs', '--url', url])
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  assert.equal(stdout.split('\n').length, 3)
  const json = (await playtrail(['runs', '--url', url, '--json'])).stdout
  assert.doesNotMatch(json.trimEnd(), /[\p{Cc}\u202e]/u)
  assert.equal(JSON.parse(json).run.name, name)
})
