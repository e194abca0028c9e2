import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { type DataFolder, openDataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import { openDeadLetters } from '../../server/index/dead-letters.ts'
import type { Service } from '../../server/service.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { journalIn } from '../support/journal.ts'
import { START_RECORDS, withoutLife } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'
import { playtrail, type Ran } from './world.ts'

const NO_OBJECT = 'no object, but it moves the cursor: \u001b[2J'

/** A service whose journal holds two events and, between them, what no index can hold: records 0, 1 and 2. */
async function serviceThatRefused(t: TestContext): Promise<{
  service: Service
  events: Event[]
  letters(...args: string[]): Promise<Ran>
}> {
  const dataDir = temporaryFolder(t)
  const run = runId()
  const events = [resultEvent(run, 0), resultEvent(run, 2)]
  const { journal } = await journalIn(dataDir)
  const [first, last] = events.map((event) => JSON.stringify(event))
  const texts = [first ?? '', NO_OBJECT, last ?? '']
  const entries = texts.map((text, index) => ({ eventId: `${run}:${index}`, payload: Buffer.from(text) }))
  await journal.append(entries, 's', Date.now() * 1_000)
  await journal.close()
  const service = await runningService(t, dataDir)
  await service.follower.idle()
  const letters = (...[name = '', ...args]: string[]): Promise<Ran> =>
    playtrail(['dead-letters', name, '--data-dir', dataDir, ...args])
  return { service, events, letters }
}

/** As if another store had refused it before. */
function note({ deadLetters }: DataFolder, index: number, eventId: string): void {
  const letters = openDeadLetters(deadLetters)
  letters.add([{ index, eventId, reason: 'a mapping' }], 'elasticsearch at a:9200', new Date())
  letters.close()
}

async function recordsFound(service: Service, run = ''): Promise<number[]> {
  const { body } = await get(service, `/v1/events?run=${run}&sort=@timestamp&limit=1000`)
  return body.items.map(({ playtrail: { index } }: { playtrail: { index: number } }) => index)
}

test('the service says how many events the index refused and what to do, and is ready all the same', async (t) => {
  const { service } = await serviceThatRefused(t)
  const { body } = await get(service, '/readyz')
  assert.deepEqual([body.status, body.index.cursor, body.index.dead_letters], ['ready', 3 + START_RECORDS, 1])
  assert.match(body.index.advice, /The index refused an event, .*`playtrail dead-letters list`/)
  assert.match((await get(service, '/metrics')).body, /^playtrail_dead_letters 1$/m)

  const { body: healthy } = await get(await runningService(t), '/readyz')
  assert.ok(!('dead_letters' in healthy.index) && !('advice' in healthy.index))
})

test('list shows them with their reasons, and show the event as it is kept, harmless to a terminal', async (t) => {
  const { letters, events } = await serviceThatRefused(t)
  const listed = await letters('list')
  assert.equal(listed.exitCode, 0)
  assert.match(listed.stdout, /^RECORD +EVENT .*\n +1 .* sqlite +its bytes are not a JSON object\n$/)
  assert.match(listed.stderr, /Then: playtrail dead-letters retry --all/)
  const json = await letters('list', '--json')
  const { record, event_id, times } = JSON.parse(json.stdout)
  assert.deepEqual([record, event_id, times], [1, `${events[0]?.run?.id}:1`, 1])
  assert.equal(json.stderr, '')

  const shown = await letters('show', '1')
  assert.equal(shown.stdout, `${NO_OBJECT.replace('\u001b', '\\u001b')}\n`)
  assert.match(
    shown.stderr,
    /^event +\S+:1\nrefused .*\nby +sqlite\nreason +its bytes are not a JSON object\n$/
  )
})

test('an event of JSON is shown to the letter', async (t) => {
  const { service, letters, events } = await serviceThatRefused(t)
  note(service.folder, 2, events[1]?.event.id ?? '')
  assert.equal((await letters('show', '2')).stdout, `${JSON.stringify(events[1])}\n`)
})

test('retry beside a running service takes what the index takes now off the list, and says what it refused again', async (t) => {
  const { service, letters, events } = await serviceThatRefused(t)
  const run = events[0]?.run?.id
  // The index has lost an event, and has another one already.
  const db = new Database(service.folder.index)
  assert.equal(db.prepare('DELETE FROM events WHERE record = 2').run().changes, 1)
  db.close()
  assert.deepEqual(await recordsFound(service, run), [0])
  note(service.folder, 0, events[0]?.event.id ?? '')
  note(service.folder, 2, events[1]?.event.id ?? '')

  const [retried] = await Promise.all([
    letters('retry', '--all'),
    // The service goes on writing to the same file.
    ...Array.from({ length: 5 }, async () => {
      const other = runId()
      const batch = Array.from({ length: 100 }, (_, sequence) => resultEvent(other, sequence))
      assert.equal((await post(service, ndjson(batch))).body.accepted, 100)
    })
  ])
  assert.equal(retried.exitCode, 1, retried.stderr)
  assert.match(retried.stderr, /^1 was refused again: its bytes are not a JSON object$/m)
  assert.match(retried.stderr, /^2 events were taken by the index\.$/m)
  assert.match(retried.stderr, /playtrail: 1 event was refused again\.\nMend the mapping/)
  await service.follower.idle()
  assert.deepEqual(await recordsFound(service, run), [0, 2])
  const { body } = await get(service, '/v1/events?limit=1000')
  assert.equal(withoutLife(body.items).length, 502)
  const { record, times } = JSON.parse((await letters('list', '--json')).stdout)
  assert.deepEqual([record, times], [1, 2])
})

test('retry of some leaves the others alone, and ends with 0 if all of those were taken', async (t) => {
  const { service, letters, events } = await serviceThatRefused(t)
  note(service.folder, 0, events[0]?.event.id ?? '')
  const retried = await letters('retry', '0')
  assert.deepEqual([retried.exitCode, retried.stderr], [0, '1 event was taken by the index.\n'])
  assert.match((await letters('list', '--json')).stdout, /^\{"record":1,.*"times":1\}\n$/)
})

test('an index of another journal is left alone', async (t) => {
  const { service, letters, events } = await serviceThatRefused(t)
  await service.stop()
  const db = new Database(service.folder.index)
  db.prepare('UPDATE meta SET journal = ?').run('another')
  db.close()
  const retried = await letters('retry', '--all')
  assert.equal(retried.exitCode, 1)
  assert.match(retried.stderr, /made from the journal another.* The next start of the service makes it again/)
  const kept = new Database(service.folder.index)
  assert.equal(kept.prepare('SELECT count(*) FROM events').pluck().get(), events.length + START_RECORDS)
  kept.close()
})

test('an Elasticsearch that cannot be reached ends retry with 3, and the letters stay', async (t) => {
  const { letters } = await serviceThatRefused(t)
  const retried = await letters('retry', '--all', '--store', 'http://127.0.0.1:1')
  assert.equal(retried.exitCode, 3)
  assert.match(retried.stderr, /The index cannot be written to now: Elasticsearch cannot be reached/)
  assert.match((await letters('list', '--json')).stdout, /"times":1\}\n$/)
})

test('what is no dead letter, and a retry of nothing, are told', async (t) => {
  const { letters } = await serviceThatRefused(t)
  for (const args of [['retry'], ['retry', '1', '--all'], ['retry', 'x'], ['show', '-1'], ['show']]) {
    const { exitCode, stderr } = await letters(...args)
    assert.equal(exitCode, 2, `${args.join(' ')}: ${stderr}`)
  }
  for (const args of [
    ['retry', '1', '2'],
    ['show', '2']
  ]) {
    const { exitCode, stderr } = await letters(...args)
    assert.equal(exitCode, 1)
    assert.match(stderr, /There is no dead letter 2\.\nplaytrail dead-letters list shows them/)
  }
  assert.match((await letters('list', '--json')).stdout, /"times":1\}\n$/, 'nothing was sent')

  const { path } = openDataFolder(temporaryFolder(t), { create: true })
  const nothing = await playtrail(['dead-letters', 'retry', '--all', '--data-dir', path])
  assert.deepEqual([nothing.exitCode, nothing.stderr], [0, 'There are no dead letters.\n'])
  assert.match((await playtrail(['dead-letters', 'list', '--data-dir', path])).stderr, /refused nothing/)
})
