import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openDataFolder } from '../../server/data-folder.ts'
import { onEnd } from '../support/cleanup.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { segmentPaths } from '../support/journal.ts'
import { START_RECORDS, STOP_RECORDS } from '../support/life.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

function playtrail(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
    timeout: 60_000
  })
}

async function serverIn(t: TestContext, dataDir: string): Promise<ServerProcess> {
  const server = await startServer(dataDir)
  onEnd(t, () => server.kill())
  return server
}

async function send(url: string, events: unknown[], headers = {}): Promise<number> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    body: ndjson(events),
    headers: { 'content-type': 'application/x-ndjson', ...headers }
  })
  return response.status
}

/** A data folder with `count` events of one run, of a server that has stopped. */
async function stoppedFolder(t: TestContext, count: number): Promise<{ dataDir: string; run: string }> {
  const dataDir = temporaryFolder(t)
  const run = runId()
  const server = await serverIn(t, dataDir)
  assert.equal(
    await send(
      server.url,
      Array.from({ length: count }, (_, i) => resultEvent(run, i))
    ),
    200
  )
  assert.equal(await server.stop(), 0)
  return { dataDir, run }
}

test('serve says where it listens and what to put into ansible.cfg, and ends with 0 on SIGTERM', async (t) => {
  const dataDir = temporaryFolder(t)
  const server = await serverIn(t, dataDir)
  assert.deepEqual(((await (await fetch(`${server.url}/healthz`)).json()) as { status: string }).status, 'ok')
  assert.equal(await server.stop(), 0)
  const output = server.output()
  assert.match(output, new RegExp(`listens on ${server.url}`))
  const plugins = /callback_plugins = (.+)\n\s+callbacks_enabled = playtrail\n/.exec(output)?.[1] ?? ''
  assert.ok(existsSync(join(plugins, 'playtrail.py')))
  assert.match(
    output,
    new RegExp(`\\[callback_playtrail\\]\\n\\s+url = ${server.url}`),
    'its port is not the default one'
  )
})

test('serve with wrong settings names all of them and ends with 2; with a folder in use, or damage, it ends with 1', async (t) => {
  const wrong = playtrail('serve', '--listen', 'here', '--store', 'mongodb')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /--listen: expected .*; got "here"/)
  assert.match(wrong.stderr, /--store: expected `sqlite`, or a URL.*; got "mongodb"/)

  const dataDir = temporaryFolder(t)
  const server = await serverIn(t, dataDir)
  const second = playtrail('serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir)
  assert.equal(second.status, 1)
  assert.match(second.stderr, /another Playtrail works on this data folder/)
  await server.stop()

  writeFileSync(join(dataDir, 'playtrail.json'), '{"format": 99, "log": "x"}')
  const newer = playtrail('serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir)
  assert.equal(newer.status, 1)
  assert.match(newer.stderr, /a newer one wrote it/)
})

test('serve refuses the folder of a witness, and one with files of others, and leaves them as they are', (t) => {
  const cases: [names: string[], told: RegExp | undefined][] = [
    [['witness.json', 'witness.pem'], /is the folder of a witness/],
    [['README.md'], /is not a data folder of Playtrail, and not empty: there is README\.md/],
    [['lost+found', '.keep'], undefined],
    [['keys', 'notes.txt'], undefined]
  ]
  for (const [names, told] of cases) {
    const dataDir = temporaryFolder(t)
    for (const name of names) writeFileSync(join(dataDir, name), '')
    const args = ['token', 'create', '--role', 'reader', '--name', 'me', '--data-dir', dataDir]
    const commands =
      told === undefined ? [args] : [args, ['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir]]
    for (const command of commands) {
      const { status, stderr } = playtrail(...command)
      assert.equal(status, told === undefined ? 0 : 1, stderr)
      if (told !== undefined) assert.match(stderr, told)
    }
    if (told !== undefined) assert.deepEqual(readdirSync(dataDir), names)
  }
})

test('reindex makes the index again from the journal, not beside a running server', async (t) => {
  const { dataDir, run } = await stoppedFolder(t, 1_000)
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `index.sqlite${suffix}`), { force: true })
  const done = playtrail('reindex', '--data-dir', dataDir)
  assert.equal(done.status, 0, done.stderr)
  assert.match(done.stderr, /Indexed 1002 events in/)

  const server = await serverIn(t, dataDir)
  const refused = playtrail('reindex', '--data-dir', dataDir)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /another Playtrail works on this data folder/)
  const { items } = (await (await fetch(`${server.url}/v1/events?run=${run}&limit=1000`)).json()) as {
    items: unknown[]
  }
  assert.equal(items.length, 1_000)
})

test('journal dump prints every record with its event as it came, and names where damage begins', async (t) => {
  const { dataDir, run } = await stoppedFolder(t, 3)
  const whole = playtrail('journal', 'dump', '--data-dir', dataDir)
  assert.equal(whole.status, 0, whole.stderr)
  const records = whole.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    records
      .map(({ index, sender, event_id }) => [index, sender, event_id])
      .slice(START_RECORDS, -STOP_RECORDS),
    [0, 1, 2].map((i) => [START_RECORDS + i, 'local', `${run}:${i}`])
  )
  assert.equal(records[START_RECORDS].event.host.name, 'web-01')
  assert.match(records[0].salt, /^[0-9a-f]{64}$/)

  const [segment = ''] = segmentPaths(openDataFolder(dataDir))
  appendFileSync(segment, 'torn')
  const torn = playtrail('journal', 'dump', '--data-dir', dataDir)
  assert.equal(torn.stdout, whole.stdout)
  assert.equal(torn.status, 0)
  assert.match(torn.stderr, /byte \d+, where record 5 should begin: 4 bytes are not a whole record/)

  // Three more, with a commit of their own: what lies before them was durable.
  const server = await serverIn(t, dataDir)
  await send(server.url, [resultEvent(run, 3)])
  await server.stop()
  const bytes = readFileSync(segment)
  bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200)
  writeFileSync(segment, bytes)
  const damaged = playtrail('journal', 'dump', '--data-dir', dataDir)
  assert.equal(damaged.status, 1)
  assert.match(damaged.stderr, /byte 64, where record 0 should begin, is damaged/)
})

test('token create shows the token once, list never, and a running server takes and refuses it at once', async (t) => {
  const dataDir = temporaryFolder(t)
  const server = await serverIn(t, dataDir)
  assert.equal(await send(server.url, [resultEvent(runId(), 0)]), 200)
  const made = playtrail('token', 'create', '--role', 'sender', '--name', 'ansible', '--data-dir', dataDir)
  assert.equal(made.status, 0, made.stderr)
  const token = made.stdout.trim()
  assert.match(token, /^playtrail_sender_[\w-]{43}$/)
  assert.match(made.stderr, /only time the token is shown/)

  assert.equal(await send(server.url, [resultEvent(runId(), 0)]), 401)
  assert.equal(await send(server.url, [resultEvent(runId(), 0)], { authorization: `Bearer ${token}` }), 200)
  const listed = playtrail('token', 'list', '--data-dir', dataDir)
  assert.match(listed.stdout, /^sender\s+ansible\s/)
  assert.ok(!listed.stdout.includes(token))

  assert.equal(playtrail('token', 'revoke', 'ansible', '--data-dir', dataDir).status, 0)
  playtrail('token', 'create', '--role', 'reader', '--name', 'me', '--data-dir', dataDir)
  assert.equal(await send(server.url, [resultEvent(runId(), 0)], { authorization: `Bearer ${token}` }), 401)
  await server.stop()
  assert.ok(!server.output().includes(token), 'no token in the log')
  assert.ok(!readFileSync(join(dataDir, 'tokens.json'), 'utf8').includes(token))
  assert.equal(
    playtrail('token', 'create', '--role', 'admin', '--name', 'x', '--data-dir', dataDir).status,
    2
  )
  assert.equal(playtrail('token', 'revoke', 'nobody', '--data-dir', dataDir).status, 1)
})

test('a list of no tokens tells whether there ever was one', (t) => {
  const dataDir = temporaryFolder(t)
  openDataFolder(dataDir, { create: true })
  const list = () => playtrail('token', 'list', '--data-dir', dataDir).stderr
  assert.equal(list(), 'There are no tokens yet.\n')
  playtrail('token', 'create', '--role', 'reader', '--name', 'ann', '--data-dir', dataDir)
  assert.equal(list(), '')
  playtrail('token', 'revoke', 'ann', '--data-dir', dataDir)
  assert.match(list(), /^There are no tokens: all were revoked, and every request is refused until/)
})
