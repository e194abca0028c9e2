import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startOnTerminal, type Terminal } from '../support/terminal.ts'
import { startApi } from './api.ts'
import { aRun, eventsOfRun, numberedRun } from './documents.ts'

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url))
const MARKING = 'sed "s/^/paged: /"'
const hasLess = spawnSync('less', ['--version']).status === 0

function start(t: TestContext, url: string, args: readonly string[], env: NodeJS.ProcessEnv): Terminal {
  return startOnTerminal(t, [process.execPath, PROGRAM, ...args], { PLAYTRAIL_URL: url, ...env })
}

async function show(
  t: TestContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  runs = 40
): Promise<{ exitCode: number | null; lines: string[] }> {
  const { url } = await startApi(t, { runs: Array.from({ length: runs }, (_, n) => numberedRun(n)) })
  const { exitCode, shown } = await start(t, url, args, env).ended()
  return { exitCode, lines: shown.trimEnd().split('\n') }
}

test('what is longer than the screen goes through $PAGER, and what is said about it comes after', async (t) => {
  const { exitCode, lines } = await show(t, ['runs'], { PAGER: MARKING })
  assert.equal(exitCode, 0)
  assert.equal(lines.length, 1 + 20 + 1)
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('paged: ')),
    ['There are more: --limit 40 shows twice as many, --all shows all.']
  )
  assert.match(lines.at(-1) ?? '', /^There are more/)
})

test('what fits on the screen does not', async (t) => {
  const { exitCode, lines } = await show(t, ['runs', '--limit', '8'], { PAGER: MARKING }, 8)
  assert.equal(exitCode, 0)
  assert.equal(lines.length, 9)
  assert.ok(!lines.some((line) => line.startsWith('paged: ')))
  const longer = await show(t, ['runs', '--limit', '9'], { PAGER: MARKING }, 9)
  assert.equal(longer.lines.filter((line) => line.startsWith('paged: ')).length, 10)
})

test('a line that is wider than the terminal takes more rows of it', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()], events: eventsOfRun() })
  const { shown } = await start(t, url, ['show', 'last', '--json'], { PAGER: MARKING }).ended()
  assert.match(shown, /^paged: \{"run":/)
})

test('with --no-pager, and a pager of cat or nothing, all goes straight to the terminal', async (t) => {
  for (const [args, env] of [
    [['runs', '--no-pager'], { PAGER: MARKING }],
    [['runs'], { PAGER: '' }],
    [['runs'], { PAGER: 'cat' }]
  ] as const) {
    const { exitCode, lines } = await show(t, args, env)
    assert.equal(exitCode, 0)
    assert.equal(lines.length, 1 + 20 + 1)
    assert.ok(!lines.some((line) => line.startsWith('paged: ')))
  }
})

test('a pager that is left early ends the command quietly', async (t) => {
  const { exitCode, lines } = await show(
    t,
    ['runs', '--all', '--json'],
    { PAGER: 'head -n 1 | cut -c 1-13' },
    20_000
  )
  assert.deepEqual([exitCode, lines], [0, ['{"@timestamp"']])
})

test('without the pager that $PAGER names all is shown without one, and that is said', async (t) => {
  for (const PAGER of ['no-such-pager', 'no-such-pager --plain']) {
    const { exitCode, lines } = await show(t, ['runs'], { PAGER })
    assert.equal(exitCode, 0)
    assert.equal(lines.length, 1 + 20 + 2)
    assert.equal(
      lines.at(-2),
      `The pager "${PAGER}" cannot be run (ENOENT): all is shown without one. PAGER names it.`
    )
  }
})

test('a pager that only a shell can find to be missing is named', async (t) => {
  const { exitCode, lines } = await show(t, ['runs'], {
    PAGER: 'no-such-pager | cat -; exit 127',
    NO_COLOR: '1'
  })
  assert.equal(exitCode, 2)
  assert.deepEqual(lines.slice(-2), [
    'playtrail: The pager "no-such-pager | cat -; exit 127" cannot be run.',
    'Set PAGER to one that is there, or use --no-pager.'
  ])
})

test('without $PAGER it is less, which shows colours, outlives Ctrl-C and ends with q', async (t) => {
  if (!hasLess) return t.skip('there is no less')
  const { url } = await startApi(t, { runs: Array.from({ length: 40 }, (_, n) => numberedRun(n)) })
  const terminal = start(t, url, ['runs'], {})
  await terminal.shows('play-7.yml')
  terminal.type('\x03')
  await terminal.shows('\x07')
  terminal.type('G')
  await terminal.shows('play-19.yml')
  terminal.type('q')
  const { exitCode, shown } = await terminal.ended()
  assert.equal(exitCode, 0)
  assert.ok(shown.includes('\x1b[32msuccess'))
  assert.match(shown, /There are more/)
})

test('without $PAGER and without less, all goes straight to the terminal', async (t) => {
  const { url } = await startApi(t, { runs: Array.from({ length: 20 }, (_, n) => numberedRun(n)) })
  const command = ['env', 'PATH=/nowhere', process.execPath, PROGRAM, 'runs']
  const { exitCode, shown } = await startOnTerminal(t, command, { PLAYTRAIL_URL: url }).ended()
  assert.equal(exitCode, 0)
  assert.equal(shown.trimEnd().split('\n').length, 1 + 20)
})
