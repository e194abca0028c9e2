import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createClient } from '../../client/client.ts'
import { UnreachableError } from '../../client/errors.ts'
import { exitCodes } from '../../server/cli/exit-codes.ts'
import { answerProblem, startApi } from './api.ts'
import { aRun, RUN_ID } from './documents.ts'
import { playtrail } from './world.ts'

const READER = 'playtrail_reader_secret'

test('a server that does not run is named, and how to start it', async () => {
  const port = await freePort()
  const { exitCode, stdout, stderr } = await playtrail(['runs', '--url', `http://127.0.0.1:${port}`])
  assert.equal(exitCode, exitCodes.unreachable)
  assert.equal(stdout, '')
  assert.equal(
    stderr,
    `playtrail: The server at http://127.0.0.1:${port}/ cannot be reached: nobody listens there.
Start it with: npm start, or name another with --url.
`
  )
})

test('a server that speaks http is told from one that is not there, where https was asked for', async (t) => {
  const { url } = await startApi(t, { runs: [aRun()] })
  const { exitCode, stderr } = await playtrail(['runs', '--url', url.replace('http:', 'https:')])
  assert.equal(exitCode, exitCodes.unreachable)
  assert.match(stderr, /cannot be reached: it does not speak TLS there/)
})

test('a server that accepts and then says nothing is given up after the timeout', async (t) => {
  const { url } = await startApi(t, { answer: () => undefined })
  const client = createClient({ url: new URL(`${url}/`), token: undefined, timeoutMs: 50 })
  await assert.rejects(client.run(RUN_ID), (error) => {
    assert.ok(error instanceof UnreachableError)
    assert.match(error.message, /cannot be reached: no answer within 0\.05 s\.$/)
    return true
  })
})

test('a server that cuts the connection in the middle of an answer is not reached', async (t) => {
  const { url } = await startApi(t, {
    answer: (_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"items":[', () => response.destroy())
    }
  })
  const { exitCode, stderr } = await playtrail(['runs', '--url', url])
  assert.equal(exitCode, exitCodes.unreachable)
  assert.match(stderr, /cannot be reached: /)
})

test('a refused token tells what to set, depending on whether there is one', async (t) => {
  const missing = await startApi(t, { answer: answerProblem('token_missing', 'Expected a token.') })
  const without = await playtrail(['runs', '--url', missing.url])
  assert.equal(without.exitCode, exitCodes.refused)
  assert.match(
    without.stderr,
    /^playtrail: A token is needed: Expected a token\.\nSet PLAYTRAIL_TOKEN to a reader’s token/
  )
  const forbidden = await startApi(t, { answer: answerProblem('role_forbidden', 'It is a sender’s.') })
  const wrong = await playtrail(['runs', '--url', forbidden.url], { env: { PLAYTRAIL_TOKEN: READER } })
  assert.equal(wrong.exitCode, exitCodes.refused)
  assert.match(
    wrong.stderr,
    /^playtrail: The token must not do this: .*\nSet PLAYTRAIL_TOKEN, or PLAYTRAIL_TOKEN_FILE, to the token/
  )
  assert.doesNotMatch(wrong.stderr, /secret/)
})

test('a problem of the server is told in its own words', async (t) => {
  const table = [
    ['run_not_found', exitCodes.refused, /^playtrail: No such run: why\nplaytrail runs shows/],
    [
      'run_ambiguous',
      exitCodes.refused,
      /^playtrail: More than one run begins like this: why\nGive more of the id/
    ],
    ['parameter_invalid', exitCodes.usage, /^playtrail: A parameter is wrong: why\n$/],
    ['internal', exitCodes.refused, /^playtrail: An error of the server: why\nTrying again may help\.\n$/]
  ] as const
  for (const [code, exitCode, stderr] of table) {
    const { url } = await startApi(t, { answer: answerProblem(code, 'why') })
    const ran = await playtrail(['show', RUN_ID, '--url', url])
    assert.deepEqual([ran.exitCode, ran.stdout], [exitCode, ''])
    assert.match(ran.stderr, stderr)
  }
})

test('the words of a server cannot drive the terminal either', async (t) => {
  const { url } = await startApi(t, { answer: answerProblem('run_not_found', 'x\x1b[2J\nfake\x07') })
  const { stderr } = await playtrail(['show', RUN_ID, '--url', url])
  assert.match(stderr, /^playtrail: No such run: x\\x1b\[2J\\nfake\\x07\n/)
})

test('what is not Playtrail is recognised, and never believed', async (t) => {
  const bodies: [number, string, RegExp][] = [
    [200, '<html>', /it is no JSON/],
    [200, 'null', /it is no JSON/],
    [200, '{"items":7}', /it is no page of a list/],
    [404, '{"error":"nope"}', /it is 404 Not Found/],
    [302, '', /it is 302 Found/],
    [502, 'Bad Gateway', /it is 502 Bad Gateway/]
  ]
  for (const [status, body, reason] of bodies) {
    const { url, asked } = await startApi(t, {
      answer: (_, response) => response.writeHead(status, { location: '/login' }).end(body)
    })
    const { exitCode, stderr } = await playtrail(['runs', '--url', url])
    assert.equal(exitCode, exitCodes.refused)
    assert.match(stderr, /is not one of Playtrail: /)
    assert.match(stderr, reason)
    assert.equal(asked.length, 1)
  }
})

test('pages that turn in a circle are left', async (t) => {
  const page = JSON.stringify({ items: [aRun()], next: 'again' })
  const { url } = await startApi(t, { answer: (_, response) => response.end(page) })
  const { exitCode, stderr } = await playtrail(['runs', '--url', url, '--all'])
  assert.equal(exitCode, exitCodes.refused)
  assert.match(stderr, /its pages do not end/)
})

test('the token comes from the environment or from a file, the environment first', async (t) => {
  const { url, authorizations } = await startApi(t, { runs: [aRun()] })
  const file = join(folder(t), 'token')
  writeFileSync(file, 'from-file\n')
  await playtrail(['runs', '--url', url], { env: { PLAYTRAIL_TOKEN_FILE: file } })
  await playtrail(['runs', '--url', url], { env: { PLAYTRAIL_TOKEN_FILE: file, PLAYTRAIL_TOKEN: READER } })
  await playtrail(['runs', '--url', url])
  assert.deepEqual(authorizations, ['Bearer from-file', `Bearer ${READER}`, undefined])
})

test('a token that cannot be one is refused before it is sent, and is not shown', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()] })
  const file = join(folder(t), 'token')
  writeFileSync(file, '\n')
  for (const env of [{ PLAYTRAIL_TOKEN: 'secret\nsecret' }, { PLAYTRAIL_TOKEN_FILE: file }]) {
    const { exitCode, stderr } = await playtrail(['runs', '--url', url], { env })
    assert.equal(exitCode, exitCodes.usage)
    assert.match(stderr, /Expected a token in PLAYTRAIL_TOKEN/)
    assert.doesNotMatch(stderr, /secret/)
  }
  const lost = await playtrail(['runs', '--url', url], { env: { PLAYTRAIL_TOKEN_FILE: '/nowhere/token' } })
  assert.equal(lost.exitCode, exitCodes.usage)
  assert.match(lost.stderr, /PLAYTRAIL_TOKEN_FILE cannot be read: .*\/nowhere\/token/)
  assert.equal(asked.length, 0)
})

test('the server is named by --url, else by PLAYTRAIL_URL, and may lie in a folder of a proxy', async (t) => {
  const { url, asked } = await startApi(t, { runs: [aRun()] })
  assert.equal((await playtrail(['runs'], { env: { PLAYTRAIL_URL: url } })).exitCode, 0)
  assert.equal(
    (await playtrail(['runs', '--url', url], { env: { PLAYTRAIL_URL: 'http://127.0.0.1:1' } })).exitCode,
    0
  )
  await playtrail(['runs', '--url', `${url}/audit?x=1#y`])
  assert.deepEqual(
    asked.map(({ pathname }) => pathname),
    ['/v1/runs', '/v1/runs', '/audit/v1/runs']
  )
})

test('a URL that cannot be one is a mistake in the call, and a password in it is not repeated', async () => {
  for (const url of ['localhost:8470', 'ftp://x', '127.0.0.1:8470', '']) {
    const { exitCode, stderr } = await playtrail(['runs', '--url', url])
    assert.equal(exitCode, exitCodes.usage)
    assert.match(stderr, /Expected the server’s URL, such as http:\/\/127\.0\.0\.1:8470; got/)
  }
  const { exitCode, stderr } = await playtrail(['runs', '--url', 'https://alice:secret@example.org'])
  assert.equal(exitCode, exitCodes.usage)
  assert.doesNotMatch(stderr, /secret/)
})

test('a command that is called wrongly says what is wrong, and where the help is', async () => {
  const table: [string[], RegExp][] = [
    [['runs', '--limit', '0'], /Expected a whole number from 1 to 9007199254740991; --all shows all/],
    [['runs', '--limit', '1e3'], /Expected a whole number from 1/],
    [['runs', '--limit', '9007199254740992'], /from 1 to 9007199254740991/],
    [['runs', '--limit', '5', '--all'], /cannot be used with/],
    [['runs', '--status', 'fine'], /Allowed choices are running, success, changed/],
    [['runs', '--token', 'x'], /unknown option '--token'/],
    [['events', '--action', 'run.stopped'], /Allowed choices are run\.started/],
    [['show'], /missing required argument 'run'/]
  ]
  for (const [args, message] of table) {
    const { exitCode, stdout, stderr } = await playtrail(args)
    assert.deepEqual([exitCode, stdout], [exitCodes.usage, ''])
    assert.match(stderr, message)
    assert.match(stderr, new RegExp(`Try: playtrail ${args[0]} --help`))
  }
  assert.equal((await playtrail(['frobnicate'])).exitCode, exitCodes.usage)
  assert.equal((await playtrail([])).exitCode, exitCodes.usage)
})

test('asking for help is no failure', async () => {
  for (const args of [['--help'], ['runs', '--help'], ['help', 'show']]) {
    const { exitCode, stdout, stderr } = await playtrail(args)
    assert.deepEqual([exitCode, stderr], [exitCodes.done, ''])
    assert.match(stdout, /^Usage: playtrail/)
  }
})

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'playtrail-cli-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** A port that nobody listens on, until somebody takes it. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
