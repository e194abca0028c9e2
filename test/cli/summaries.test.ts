import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Api, startApi } from './api.ts'
import { aHost, aPlaybook, aTask, aUser } from './summaries.ts'
import { playtrail } from './world.ts'

const slower = ['-trend', 'trend'] as const

test('a host is a line that says when it was touched, changed and failed last, and by whom', async (t) => {
  const never = aHost({ host: { name: 'db-1' } })
  delete never.last_change
  delete never.last_failure
  const { url } = await startApi(t, { lists: { '/v1/hosts': [aHost(), never] } })
  const { stdout, stderr, exitCode } = await playtrail(['hosts', '--url', url])
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.equal(
    stdout,
    `HOST    LAST RUN             LAST CHANGE          LAST FAILURE      RUNS  RESULTS
web-07  3 minutes ago alice  3 minutes ago alice  20 Oct 10:00 bob     4  ok 12 · changed 3 · failed 1
db-1    3 minutes ago alice                                            4  ok 12 · changed 3 · failed 1
`
  )
})

test('a playbook is a line that says how often it failed, how long it takes, and whether that got longer', async (t) => {
  const { url, asked } = await startApi(t, { lists: { '/v1/playbooks': [aPlaybook()] } })
  const { stdout } = await playtrail(['playbooks', '--url', url])
  assert.equal(
    stdout,
    `PLAYBOOK  RUNS    FAILED  LAST RUN              LAST SUCCESS             P50    P95  TREND
site.yml    25  5 (20 %)  3 minutes ago failed  yesterday 09:30 alice  1 min  2 min  ↗ 2.0×
`
  )
  assert.equal(asked[0]?.searchParams.get('sort'), '-failure_rate')
})

test('a user is a line that says how much was run, and what last', async (t) => {
  const { url } = await startApi(t, { lists: { '/v1/users': [aUser()] } })
  const { stdout } = await playtrail(['users', '--url', url])
  assert.equal(
    stdout,
    `USER   RUNS    FAILED  PLAYBOOKS  LAST RUN               OF
alice    10  2 (20 %)          3  3 minutes ago success  site.yml
`
  )
})

test('a task is a line that says how often it fails, changes and is flaky, and how long it takes', async (t) => {
  const { url, asked } = await startApi(t, { lists: { '/v1/tasks': [aTask('Install nginx', [2, 1])] } })
  const { stdout } = await playtrail(['tasks', '--url', url])
  assert.equal(
    stdout,
    `TASK                   RESULTS  FAILED  CHANGED  FLAKY    P50    P95  TREND   LAST RESULT
nginx : Install nginx      100     5 %      5 %    2 %  1.0 s  2.0 s  ↘ 0.5×  30 seconds ago alice
`
  )
  assert.equal(asked[0]?.searchParams.get('sort'), '-duration')
})

test('what got slow stands first by trend: what takes the most time more than before, of all tasks', async (t) => {
  const many = Array.from({ length: 1_500 }, (_, n) => aTask(`same-${n}`, [1, 1.02]))
  const tasks = [...many, aTask('a-little', [1, 2]), aTask('much', [5, 5, 50]), aTask('once', [90])]
  const { url, asked } = await startApi(t, { lists: { '/v1/tasks': tasks } })
  for (const sort of slower) {
    const { stdout, stderr } = await playtrail(['tasks', '--url', url, '--sort', sort, '--limit', '2'])
    const lines = stdout.trimEnd().split('\n').slice(1)
    assert.deepEqual(
      lines.map((line) => /^nginx : (\S+).* (\S \S+×)/.exec(line)?.slice(1)),
      [
        ['much', '↗ 10×'],
        ['a-little', '↗ 2.0×']
      ]
    )
    assert.match(stderr, /^There are more/)
  }
  assert.ok(asked.every(({ searchParams }) => !searchParams.has('sort')))
})

test('the filters and the order go to the server under the names of the API', async (t) => {
  const lists = { '/v1/hosts': [], '/v1/playbooks': [], '/v1/users': [], '/v1/tasks': [] }
  const { url, asked } = await startApi(t, { lists })
  const filters = [
    '-q',
    'tag:web',
    '--playbook',
    'site*',
    '--host',
    'web-*',
    '--user',
    'alice',
    '--status',
    'failed'
  ]
  const time = ['--from', 'now-7d', '--to', 'now']
  for (const [command, sort, asApi] of [
    ['hosts', 'last_change', '-last_change'],
    ['playbooks', 'name', 'name'],
    ['users', '-last_run', '-last_run'],
    ['tasks', 'failure_rate', '-failure_rate']
  ] as const) {
    const { exitCode } = await playtrail([
      command,
      '--url',
      url,
      ...filters,
      ...time,
      '--sort',
      sort,
      '--limit',
      '3'
    ])
    assert.equal(exitCode, 0)
    assert.deepEqual(Object.fromEntries(lastAsked({ asked })), {
      q: 'tag:web',
      playbook: 'site*',
      host: 'web-*',
      user: 'alice',
      status: 'failed',
      from: 'now-7d',
      to: 'now',
      sort: asApi,
      limit: '3'
    })
  }
})

test('as JSON a summary is the document of the API, one a line, and nothing else is said', async (t) => {
  const { url } = await startApi(t, { lists: { '/v1/hosts': [aHost(), aHost({ runs: 7 })] } })
  const { stdout, stderr } = await playtrail(['hosts', '--url', url, '--json', '--limit', '1'])
  assert.deepEqual([JSON.parse(stdout), stderr], [aHost(), ''])
})

test('CSV is what the server makes of it, as much as was asked for', async (t) => {
  const csv = 'host.name,runs\r\nweb-07,4\r\n'
  const { url, asked } = await startApi(t, { csv })
  for (const [command, path] of [
    [['hosts'], '/v1/hosts'],
    [['playbooks'], '/v1/playbooks'],
    [['users'], '/v1/users'],
    [['tasks'], '/v1/tasks'],
    [['runs'], '/v1/runs'],
    [['events'], '/v1/events'],
    [['drift'], '/v1/drift']
  ] as const) {
    const limited = await playtrail([...command, '--url', url, '--csv', '--limit', '5000'])
    assert.deepEqual([limited.stdout, limited.stderr], [csv, ''])
    assert.equal(asked.at(-1)?.pathname, path)
    assert.equal(asked.at(-1)?.searchParams.get('limit'), '5000')
    await playtrail([...command, '--url', url, '--csv', '--all'])
    assert.equal(asked.at(-1)?.searchParams.get('limit'), null)
  }
})

test('CSV on a terminal cannot drive it', async (t) => {
  const { url } = await startApi(t, { csv: 'host.name\r\nx\x1b[2J\r\n' })
  const { stdout } = await playtrail(['hosts', '--url', url, '--csv'], { columns: 80 })
  assert.equal(stdout, 'host.name\nx\\x1b[2J\n')
})

test('the server cannot make CSV by trend, which is said', async (t) => {
  const { url, asked } = await startApi(t, {})
  const { exitCode, stderr } = await playtrail(['tasks', '--url', url, '--csv', '--sort', 'trend'])
  assert.equal(exitCode, 2)
  assert.match(stderr, /cannot sort by -trend\.\nChoose another --sort/)
  assert.equal(asked.length, 0)
})

function lastAsked({ asked }: Pick<Api, 'asked'>): URLSearchParams {
  return asked.at(-1)?.searchParams ?? new URLSearchParams()
}
