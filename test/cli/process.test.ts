import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startApi } from './api.ts'
import { aRun, eventsOfRun, numberedRun, RUN_ID } from './documents.ts'

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url))

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...env }
  })
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = start(args, env)
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close')
  ])
  return { stdout, stderr, exitCode }
}

test('as a process it prints, ends by itself, and its exit code is 0', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()], events: eventsOfRun() })
  const { stdout, stderr, exitCode } = await run(['show', 'last'], { PLAYTRAIL_URL: url })
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.match(stdout, /PLAY RECAP/)
})

test('as a process it ends with the code of what went wrong', async (t) => {
  const { url } = await startApi(t, {})
  assert.equal((await run(['show', RUN_ID], { PLAYTRAIL_URL: url })).exitCode, 1)
  assert.equal((await run(['runs', '--limit', 'many'])).exitCode, 2)
  assert.equal((await run(['runs', '--url', 'http://127.0.0.1:1'])).exitCode, 3)
})

test('a pipe has no colours, unless FORCE_COLOR says so', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()] })
  assert.ok(!(await run(['runs', '--url', url])).stdout.includes('\x1b'))
  assert.ok((await run(['runs', '--url', url], { FORCE_COLOR: '1' })).stdout.includes('\x1b[31mfailed'))
  assert.ok(!(await run(['runs', '--url', url], { FORCE_COLOR: '0' })).stdout.includes('\x1b'))
})

test('a reader that has enough ends the command quietly', async (t) => {
  const { url, asked } = await startApi(t, { runs: Array.from({ length: 20_000 }, (_, n) => numberedRun(n)) })
  const child = start(['runs', '--url', url, '--all', '--json'])
  const stderr = text(child.stderr)
  child.stdout.once('data', () => child.stdout.destroy())
  const [exitCode] = await once(child, 'close')
  assert.deepEqual([exitCode, await stderr], [0, ''])
  assert.ok(asked.length < 20, 'and the rest is not asked for')
})

test('an output that cannot be written is told with the reason, and is no defect', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()] })
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  for (const args of [
    ['runs', '--url', url],
    ['runs', '--help']
  ]) {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', full, 'pipe'] })
    assert.ok(child.stderr)
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
    assert.equal(exitCode, 1)
    assert.match(stderr, /^playtrail: The output cannot be written: .*no space left on device.*\.\n$/)
  }
})
