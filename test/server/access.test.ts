import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { pino } from 'pino'
import { createToken, readTokens, revokeToken } from '../../server/access.ts'
import { readConfig } from '../../server/config.ts'
import { openDataFolder } from '../../server/data-folder.ts'
import { startService } from '../../server/service.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords } from '../support/journal.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

test('on loopback without tokens everybody may write and read, and is called local', async (t) => {
  const service = await runningService(t)
  assert.equal((await post(service, ndjson([resultEvent(runId(), 0)]))).status, 200)
  assert.equal((await get(service, '/v1/runs')).status, 200)
  assert.equal((await allRecords(service.journal, START_RECORDS))[0]?.sender, 'local')
})

test('with tokens a sender writes and cannot read, a reader reads and cannot write, a stranger does neither', async (t) => {
  const service = await runningService(t)
  const { tokens } = service.folder
  const sender = createToken(tokens, 'ansible', 'sender', new Date())
  const reader = createToken(tokens, 'me', 'reader', new Date())
  const body = ndjson([resultEvent(runId(), 0)])
  const statuses: [string, Record<string, string>, number, number, string | undefined, string | undefined][] =
    [
      ['sender', bearer(sender), 200, 403, undefined, 'role_forbidden'],
      ['reader', bearer(reader), 403, 200, 'role_forbidden', undefined],
      ['nobody', {}, 401, 401, 'token_missing', 'token_missing'],
      ['stranger', bearer('guess'), 401, 401, 'token_unknown', 'token_unknown']
    ]
  for (const [who, headers, write, read, writeCode, readCode] of statuses) {
    const written = await post(service, body, headers)
    assert.deepEqual([written.status, written.body.code], [write, writeCode], `${who} writes`)
    for (const path of ['/v1/runs', '/v1/events', '/metrics']) {
      const asked = await get(service, path, headers)
      assert.deepEqual([asked.status, asked.body.code], [read, readCode], `${who} reads ${path}`)
    }
    for (const path of ['/healthz', '/readyz', '/openapi.json'])
      assert.equal((await get(service, path, headers)).status, 200, `${who} reads ${path}`)
  }
  const senders = (await allRecords(service.journal)).map(({ sender }) => sender)
  assert.deepEqual(
    senders.filter((sender) => sender !== 'server'),
    ['ansible']
  )
})

test('a revoked token is refused at once, without a restart', async (t) => {
  const service = await runningService(t)
  const { tokens } = service.folder
  createToken(tokens, 'other', 'reader', new Date())
  const reader = createToken(tokens, 'me', 'reader', new Date())
  assert.equal((await get(service, '/v1/runs', bearer(reader))).status, 200)
  revokeToken(tokens, 'me')
  assert.equal((await get(service, '/v1/runs', bearer(reader))).status, 401)
})

test('when the last token is revoked, or their file is gone, the door stays shut', async (t) => {
  const service = await runningService(t)
  const { tokens } = service.folder
  createToken(tokens, 'me', 'reader', new Date())
  assert.equal((await get(service, '/v1/runs')).status, 401)
  revokeToken(tokens, 'me')
  assert.equal((await get(service, '/v1/runs')).status, 401)
  rmSync(tokens)
  assert.equal((await get(service, '/v1/runs')).status, 401)
})

test('a token is kept as its hash only, in a file of its owner alone', (t) => {
  const { tokens } = openDataFolder(temporaryFolder(t), { create: true })
  const token = createToken(tokens, 'me', 'reader', new Date())
  assert.ok(!readFileSync(tokens, 'utf8').includes(token))
  assert.equal(statSync(tokens).mode & 0o777, 0o600)
  assert.throws(() => createToken(tokens, 'me', 'sender', new Date()), /a token named me already/)
  assert.throws(() => createToken(tokens, 'a b', 'sender', new Date()), /a token's name is/)
  for (const name of ['local', 'server'])
    assert.throws(() => createToken(tokens, name, 'sender', new Date()), /not "local" or "server"; got/)
  assert.throws(() => revokeToken(tokens, 'you'), /no token named you/)
})

test('an address beyond loopback is refused as long as there are no tokens', async (t) => {
  const dataDir = temporaryFolder(t)
  const config = readConfig({ listen: '0.0.0.0:0', dataDir }, {})
  const start = (): ReturnType<typeof startService> =>
    startService(config, pino({ level: 'silent' }), () => undefined)
  await assert.rejects(start, /can be reached from other machines, and there are no tokens yet/)
})

test('a port that is taken, and a second service on the same data folder, are refused with what to do', async (t) => {
  const service = await runningService(t)
  const { port } = new URL(service.url)
  const start = (listen: string, dataDir: string): ReturnType<typeof startService> =>
    startService(readConfig({ listen, dataDir }, {}), pino({ level: 'silent' }), () => undefined)
  await assert.rejects(start(`127.0.0.1:${port}`, temporaryFolder(t)), /port \d+ on 127\.0\.0\.1 is taken/)
  await assert.rejects(
    start('127.0.0.1:0', service.folder.path),
    /another Playtrail works on this data folder/
  )
})

test('tokens that somebody wrote by hand and that lack something are refused with what is expected, and remembered nowhere', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  const { tokens } = service.folder
  const token = createToken(tokens, 'me', 'reader', new Date())
  const good = readTokens(tokens)
  for (const wrong of [{}, null, [null], [{ ...good[0], role: 'admin' }], [{ name: 'me', role: 'reader' }]]) {
    writeFileSync(tokens, JSON.stringify(wrong))
    assert.throws(() => readTokens(tokens), { name: 'Fatal', message: /expected a list of tokens/ })
    assert.equal((await get(service, '/v1/runs', bearer(token))).status, 503)
  }
  writeFileSync(tokens, JSON.stringify(good))
  assert.equal((await get(service, '/v1/runs', bearer(token))).status, 200)
  await service.stop()
  await runningService(t, dataDir)
})
