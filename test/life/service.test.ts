import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createToken, revokeToken } from '../../server/access.ts'
import { openDataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import { limits } from '../../server/limits.ts'
import { createValidator } from '../../server/receive/validate.ts'
import type { Service } from '../../server/service.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { openEventStream } from '../support/event-stream.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { lifeOf } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const isOf =
  (prefix: string) =>
  ({ event }: Event): boolean =>
    event.action.startsWith(prefix)

async function lifeIn(service: Service): Promise<Event[]> {
  return lifeOf(await allRecords(service.journal))
}

/** The folder after it was stopped. */
async function recordsIn(dataDir: string): Promise<Event[]> {
  const { journal } = await journalIn(dataDir)
  const events = (await allRecords(journal)).map(({ payload }) => JSON.parse(payload.toString()) as Event)
  await journal.close()
  return events
}

/** What the service tells of tokens, once it has told so much. */
function tokensTold(service: Service, count: number): Promise<Event[]> {
  return eventually(async () => {
    const told = (await lifeIn(service)).filter(isOf('token.'))
    return told.length >= count ? told : undefined
  })
}

test('a clean stop is the last record of the journal, and is sealed', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  await post(service, ndjson([resultEvent(runId(), 0)]))
  await service.stop()
  const events = await recordsIn(dataDir)
  const last = events.at(-1)
  assert.deepEqual(
    [last?.event.action, last?.run?.id, last?.run?.status],
    ['run.finished', service.life.runId, 'success']
  )
  assert.equal(last?.run?.events, 2)
  assert.match(readFileSync(join(dataDir, 'log/checkpoint'), 'utf8'), new RegExp(`\n${events.length}\n`))
  const started = events[0]
  assert.deepEqual(
    [started?.service?.access, started?.service?.store, started?.service?.tokens],
    ['open', 'sqlite', 0]
  )
  assert.equal(started?.service?.log_origin, service.logKeys.origin)
  for (const event of events.filter(isOf('run.')))
    assert.equal(createValidator()(event)?.problem.code, 'provider_reserved')
})

test('a stop that nobody wanted says so', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  await service.stop('An error that nobody expected.')
  const last = (await recordsIn(dataDir)).at(-1)
  assert.deepEqual([last?.run?.status, last?.event.outcome], ['failed', 'failure'])
  assert.equal(last?.error?.message, 'An error that nobody expected.')
})

test('lists of runs, playbooks and users have the life of the service only if somebody asks for it', async (t) => {
  const dataDir = temporaryFolder(t)
  await (await runningService(t, dataDir)).stop()
  const service = await runningService(t, dataDir)
  const run = runOfEvents(Date.now())
  await post(service, ndjson([run.started(), run.result('web-1', 'changed'), run.finished('changed')]))
  await service.follower.idle()
  const ids = async (query: string): Promise<string[]> =>
    (await get(service, `/v1/runs?${query}`)).body.items.map((item: { run: { id: string } }) => item.run.id)
  const lives = (await lifeIn(service)).filter(isOf('run.started')).map((event) => event.run?.id)
  lives.reverse()
  assert.equal(lives.length, 2)
  assert.deepEqual(await ids(''), [run.id])
  assert.deepEqual(await ids('q=run.name:*'), [run.id])
  assert.deepEqual(await ids('q=NOT+run.kind:adhoc'), [run.id])
  assert.deepEqual(await ids('kind=playbook'), [run.id])
  assert.deepEqual(await ids('kind=service'), lives)
  assert.deepEqual(await ids('q=run.kind:service'), lives)
  assert.deepEqual(await ids('q=run.kind:serv*'), lives)
  assert.deepEqual((await ids('q=run.kind:(service+OR+playbook)')).length, 3)
  assert.deepEqual(await ids('q=NOT+run.kind:service'), [run.id])
  assert.deepEqual(await ids('kind=service&status=running'), [service.life.runId])
  assert.equal((await get(service, `/v1/runs/${service.life.runId}`)).body.run.kind, 'service')
  for (const list of ['playbooks', 'users', 'hosts'])
    assert.equal((await get(service, `/v1/${list}`)).body.items.length, 1, list)
  for (const list of ['playbooks', 'users']) {
    const { items } = (await get(service, `/v1/${list}?kind=service`)).body
    assert.deepEqual([items.length, items[0].runs.running, items[0].runs.success], [1, 1, 1], list)
  }
  // Events are facts, and an auditor has to find each of them.
  const found = (await get(service, '/v1/events?q=event.dataset:playtrail.service&sort=@timestamp')).body
    .items
  assert.deepEqual(
    found.map(({ event }: Event) => event.action),
    ['run.started', 'run.finished', 'run.started']
  )
})

test('who follows runs is told of the life of the service only if they ask for it', async (t) => {
  const service = await runningService(t)
  const run = runOfEvents(Date.now())
  const plain = await openEventStream(`${service.url}/v1/live`)
  const asking = await openEventStream(`${service.url}/v1/live?kind=service`)
  const progress = await asking.next(({ data }) => data.run.id === service.life.runId)
  assert.deepEqual([progress.event, progress.data.run.status], ['run.progress', 'running'])
  await post(service, ndjson([run.started(), run.finished('changed')]))
  // The first message of any kind.
  assert.equal((await plain.next()).data.run.id, run.id)
  await asking.next(({ event, data }) => event === 'run.ended' && data.run.id === run.id)
  const reading = plain.rest()
  await service.stop()
  for (const { data } of await reading) assert.equal(data.run.id, run.id)
})

test('tokens are told of once: that they were made, used for the first time, and revoked; also across restarts', async (t) => {
  const dataDir = temporaryFolder(t)
  const { tokens } = openDataFolder(dataDir, { create: true })
  const made = new Date(Date.now() - 60_000)
  const sender = createToken(tokens, 'ansible', 'sender', made)
  const first = await runningService(t, dataDir)
  const [created] = await tokensTold(first, 1)
  assert.deepEqual(created?.token, { name: 'ansible', role: 'sender', created: made.toISOString() })
  // While nobody asks for anything.
  const reader = createToken(tokens, 'me', 'reader', new Date())
  assert.equal((await tokensTold(first, 2))[1]?.token?.name, 'me')
  for (let sequence = 0; sequence < 5; sequence++)
    assert.equal((await post(first, ndjson([resultEvent(runId(), 0)]), bearer(sender))).status, 200)
  const used = (await tokensTold(first, 3))[2]
  assert.deepEqual(
    [used?.event.action, used?.token?.name, used?.source?.ip],
    ['token.used', 'ansible', '127.0.0.1']
  )
  await first.stop()

  revokeToken(tokens, 'ansible')
  createToken(tokens, 'ansible', 'sender', new Date())
  const second = await runningService(t, dataDir)
  assert.equal((await get(second, '/v1/runs', bearer(reader))).status, 200)
  assert.equal((await get(second, '/v1/runs', bearer(reader))).status, 200)
  await tokensTold(second, 6)
  await second.stop()
  const third = await runningService(t, dataDir)
  assert.equal((await get(third, '/v1/runs', bearer(reader))).status, 200)
  await third.stop()
  const told = (await recordsIn(dataDir)).filter(isOf('token.'))
  assert.deepEqual(told.map(({ event, token }) => `${event.action} ${token?.name}`).sort(), [
    'token.created ansible',
    'token.created ansible',
    'token.created me',
    'token.revoked ansible',
    'token.used ansible',
    'token.used me'
  ])
  assertNoSecrets(t, dataDir, [sender, reader])
})

test('a token that came into the journal, and not into the memory of it, is told once', async (t) => {
  const dataDir = temporaryFolder(t)
  const { tokens, life } = openDataFolder(dataDir, { create: true })
  createToken(tokens, 'ansible', 'sender', new Date())
  const first = await runningService(t, dataDir)
  await tokensTold(first, 1)
  await first.stop()
  const memory = JSON.parse(readFileSync(life, 'utf8'))
  // As a process leaves it that is killed between the two: the event was announced, and is there, or is not.
  assert.equal(memory.tokens[0].created, `${first.life.runId}:1`)
  const second = await runningService(t, dataDir)
  await second.stop()
  assert.equal((await recordsIn(dataDir)).filter(isOf('token.')).length, 1)
})

test('who is refused is told with address, route and role, ten a minute, and how many more there were', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  const reader = createToken(service.folder.tokens, 'me', 'reader', new Date())
  const forged = `${reader.slice(0, -4)}AAAA`
  assert.equal((await post(service, ndjson([resultEvent(runId(), 0)]), bearer(reader))).status, 403)
  assert.equal((await get(service, `/v1/runs/${forged}?token=${forged}`, bearer(forged))).status, 401)
  assert.equal((await get(service, '/metrics')).status, 401)
  const refused = (await lifeIn(service)).filter(isOf('token.refused'))
  assert.deepEqual(
    refused.map(({ refused, token, source }) => [refused, token, source]),
    [
      [
        { code: 'role_forbidden', role: 'sender', method: 'POST', route: '/v1/events' },
        { name: 'me', role: 'reader' },
        { ip: '127.0.0.1' }
      ],
      [
        { code: 'token_unknown', role: 'reader', method: 'GET', route: '/v1/runs/:id' },
        undefined,
        { ip: '127.0.0.1' }
      ],
      [
        { code: 'token_missing', role: 'reader', method: 'GET', route: '/metrics' },
        undefined,
        { ip: '127.0.0.1' }
      ]
    ]
  )
  for (let asked = 3; asked < 40; asked++) await get(service, '/v1/events')
  assert.equal((await lifeIn(service)).filter(isOf('token.refused')).length, limits.refusalEventsPerMinuteMax)
  await service.follower.idle()
  const found = await get(service, '/v1/events?action=token.refused&limit=1', bearer(reader))
  assert.equal(found.body.items[0].refused.code, 'token_missing')
  await service.stop()
  const events = await recordsIn(dataDir)
  const all = events.filter(isOf('token.refused'))
  assert.equal(all.length, limits.refusalEventsPerMinuteMax + 1)
  assert.equal(
    all.reduce((sum, { refused }) => sum + 1 + (refused?.suppressed ?? 0), 0),
    40
  )
  assert.equal(events.at(-1)?.event.action, 'run.finished')
  assertNoSecrets(t, dataDir, [reader, forged])
})

test('a run that is the life of a service is accepted from nobody', async (t) => {
  const service = await runningService(t)
  const run = runOfEvents(Date.now())
  const started = run.started()
  const { body } = await post(service, ndjson([{ ...started, run: { ...started.run, kind: 'service' } }]))
  assert.equal(body.code, 'batch_refused')
})

/** Nothing of a token, nor its hash, is in the journal or the log. */
function assertNoSecrets(t: TestContext, dataDir: string, tokens: readonly string[]): void {
  const secrets = tokens.flatMap((token) => {
    const secret = token.split('_').slice(2).join('_')
    const hash = createHash('sha256').update(token)
    return [secret.slice(0, 12), secret.slice(-12), hash.copy().digest('hex'), hash.copy().digest('base64')]
  })
  let bytes = 0
  for (const folder of ['journal', 'log']) {
    for (const name of readdirSync(join(dataDir, folder), { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue
      const content = readFileSync(join(name.parentPath, name.name), 'latin1')
      bytes += content.length
      for (const secret of secrets) assert.ok(!content.includes(secret), `${name.name} has a part of a token`)
    }
  }
  t.diagnostic(`${bytes} bytes searched`)
  assert.ok(bytes > 1_000)
}
