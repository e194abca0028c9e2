import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Run } from '../../client/types.ts'
import { eventually } from '../support/eventually.ts'
import { type Api, answerProblem, startApi } from './api.ts'
import { aRun, eventsOfRun, RUN_ID } from './documents.ts'
import { playtrail, type Ran } from './world.ts'

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url))

type Answer = (response: ServerResponse) => void

function message(event: string, id: string, data: object): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

const started = aRun({
  run: { id: RUN_ID, status: 'running', name: 'site.yml' },
  playtrail: noResults(aRun())
})
const ended = aRun()
const failure = eventsOfRun()[7]
assert.ok(failure)
const all = [
  message('run.started', 'log:1', started),
  message('run.progress', 'log:2', started),
  message('event', 'log:3', failure),
  message('run.ended', 'log:4', ended),
  message('something.new', 'log:5', {})
].join('')

/** Tails a server that gives these answers, one to each request, until `last` is shown. */
async function tail(
  t: TestContext,
  args: readonly string[],
  answers: Answer[],
  last = /run\.ended/
): Promise<Ran & { asked: Api['asked']; ids: (string | undefined)[] }> {
  const ids: (string | undefined)[] = []
  const { url, asked } = await startApi(t, {
    answer: (request, response) => {
      ids.push(request.headers['last-event-id']?.toString())
      response.setHeader('content-type', 'text/event-stream')
      answers.shift()?.(response)
    }
  })
  const ran = await playtrail(['tail', '--url', url, ...args], { interruptAt: last })
  return { ...ran, asked, ids }
}

test('runs are told as they start and end, and events that the query finds', async (t) => {
  const ran = await tail(t, ['-q', 'status:failed'], [(response) => response.write(all)])
  assert.deepEqual([ran.exitCode, ran.stderr], [130, ''])
  assert.equal(ran.asked[0]?.pathname, '/v1/live')
  assert.equal(ran.asked[0]?.searchParams.get('q'), 'status:failed')
  const [titles, start, event, end, ...rest] = ran.stdout.split('\n')
  assert.match(titles ?? '', /^TIME +ACTION +PLAYBOOK +HOST +STATUS +USER +WHAT$/)
  assert.match(start ?? '', /run\.started +site\.yml +running +alice@control-1 +run 019a5344-9e0b$/)
  assert.match(event ?? '', /host\.result +site\.yml +web-08 +failed +alice@control-1 +Restart nginx$/)
  assert.match(
    end ?? '',
    /run\.ended +site\.yml +failed +alice@control-1 +ok 12 · changed 3 · failed 1 · skipped 2, in 2 min 3 s, run 019a5344-9e0b$/
  )
  assert.deepEqual(rest, [''])
})

test('how far the runs are is told where that is asked for', async (t) => {
  const { stdout } = await tail(t, ['--progress'], [(response) => response.write(all)])
  assert.match(stdout, /run\.progress +site\.yml +running/)
})

test('as JSON a line has the id, the name of what happened, and the document of the API', async (t) => {
  const { stdout } = await tail(t, ['--json'], [(response) => response.write(all)])
  const lines = stdout.trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { id: 'log:1', event: 'run.started', data: started },
      { id: 'log:3', event: 'event', data: failure },
      { id: 'log:4', event: 'run.ended', data: ended }
    ]
  )
})

test('a connection that is lost is said, and what is told goes on where it was', async (t) => {
  const { stdout, stderr, ids } = await tail(
    t,
    ['--after', 'log:0'],
    [
      (response) => response.write(message('run.started', 'log:1', started), () => response.destroy()),
      (response) => response.write(message('reset', 'log:3', { reason: 'Too much came since.' }))
    ],
    /Too much/
  )
  assert.deepEqual(ids, ['log:0', 'log:1'])
  assert.match(stdout, /run\.started/)
  assert.equal(
    stderr,
    `The connection is lost: the connection was cut. Trying again in 500 ms.
The connection is there again.
What happened meanwhile is not shown. Too much came since.
`
  )
})

test('what cannot be followed is refused at once', async (t) => {
  const { url } = await startApi(t, { answer: answerProblem('query_invalid', 'A term is missing.') })
  const { exitCode, stderr } = await playtrail(['tail', '--url', url, '-q', 'status:'])
  assert.equal(exitCode, 2)
  assert.match(stderr, /A term is missing/)
  assert.equal((await playtrail(['tail', '--url', 'http://127.0.0.1:1'])).exitCode, 3)
})

test('Ctrl-C ends it with 130, and a reader that left with 0', async (t) => {
  const { url } = await startApi(t, {
    answer: (_, response) => {
      response.setHeader('content-type', 'text/event-stream')
      const timer = setInterval(() => response.write(all), 50)
      response.on('close', () => clearInterval(timer))
    }
  })
  for (const [end, expected] of [
    [(child: ReturnType<typeof start>) => child.kill('SIGINT'), 130],
    [(child: ReturnType<typeof start>) => child.stdout.destroy(), 0]
  ] as const) {
    const child = start(url)
    const stderr = text(child.stderr)
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      shown += piece
    })
    await eventually(async () => (shown.includes('run.ended') ? true : undefined))
    end(child)
    const [exitCode] = await once(child, 'close')
    assert.deepEqual([exitCode, await stderr], [expected, ''])
  }
})

function start(url: string) {
  return spawn(process.execPath, [PROGRAM, 'tail', '--url', url], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH }
  })
}

function noResults({ playtrail }: Run): Run['playtrail'] {
  return { ...playtrail, results: { ok: 0, changed: 0, failed: 0, skipped: 0, unreachable: 0 } }
}
