import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { Command } from 'commander'
import { reconcileCommand } from '../../server/cli/reconcile.ts'
import type { Event } from '../../server/event-types.ts'
import { openDeadLetters } from '../../server/index/dead-letters.ts'
import type { Service } from '../../server/service.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { eventually } from '../support/eventually.ts'
import { START_RECORDS } from '../support/life.ts'
import { post, runningService } from '../support/service.ts'
import { type Ran, run } from './world.ts'

/** A service with some events behind the record of its start, all of them indexed, and the command beside it. */
async function served(t: TestContext): Promise<{
  service: Service
  events: Event[]
  edit(sql: string): void
  reconcile(...args: string[]): Promise<Ran>
}> {
  const service = await runningService(t)
  const id = runId()
  const events = Array.from({ length: 5 }, (_, sequence) => resultEvent(id, sequence))
  await post(service, ndjson(events))
  await service.follower.idle()
  // The cursor is saved a moment after the events are there.
  await eventually(async () => {
    const db = new Database(service.folder.index, { readonly: true })
    const cursor = db.prepare<[], number>('SELECT cursor FROM meta').pluck().get()
    db.close()
    return cursor === START_RECORDS + events.length ? true : undefined
  })
  return {
    service,
    events,
    edit: (sql) => void new Database(service.folder.index).exec(sql).close(),
    reconcile: (...args) => reconcileIn(service.folder.path, ...args)
  }
}

function reconcileIn(dataDir: string, ...args: string[]): Promise<Ran> {
  return run(['reconcile', '--data-dir', dataDir, ...args], {}, (surroundings) =>
    new Command('playtrail').addCommand(reconcileCommand(surroundings))
  )
}

test('beside a running server it says that the index agrees, and ends with 0', async (t) => {
  const { reconcile } = await served(t)
  const { exitCode, stdout, stderr } = await reconcile()
  assert.equal(stdout, 'Compared 6 records (0 to 5) and 2 runs: the index says what the journal says.\n')
  assert.deepEqual([exitCode, stderr], [0, ''])
})

test('it names each difference with the fields, ends with 1, and with 0 once they are repaired', async (t) => {
  const { events, edit, reconcile } = await served(t)
  edit("DELETE FROM events WHERE record = 2; UPDATE events SET status = 'failed' WHERE record = 4")
  const differs = await reconcile()
  assert.equal(differs.exitCode, 1)
  assert.deepEqual(differs.stdout.split('\n').slice(0, 3), [
    `event missing: ${events[1]?.event.id} (record 2)`,
    `event changed: ${events[3]?.event.id} (record 4) columns.status`,
    'Compared 6 records (0 to 5) and 2 runs: 2 differences, 1 missing, 1 changed.'
  ])
  const repaired = await reconcile('--repair')
  assert.equal(repaired.exitCode, 0)
  assert.match(
    repaired.stdout,
    /\nRepaired 2 differences, and compared again.\nCompared 6 records .* says what the journal says/
  )
  assert.equal((await reconcile()).exitCode, 0)
})

test('with --json each difference is an object a line, and the summary closes', async (t) => {
  const { events, edit, reconcile } = await served(t)
  edit('DELETE FROM events WHERE record = 2')
  const { exitCode, stdout } = await reconcile('--json', '--from', '2', '--to', '3')
  const [difference, closing] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(difference, { document: 'event', kind: 'missing', id: events[1]?.event.id, record: 2 })
  assert.deepEqual(
    [closing.summary.first, closing.summary.next, closing.summary.differences.missing],
    [2, 4, 1]
  )
  assert.equal(exitCode, 1)
})

test('dead letters have a line of their own, and make it end with 1', async (t) => {
  const { service, edit, reconcile } = await served(t)
  const letters = openDeadLetters(service.folder.deadLetters)
  letters.add([{ index: 1, eventId: 'e', reason: 'a mapping' }], 'sqlite', new Date())
  letters.close()
  edit('DELETE FROM events WHERE record = 1')
  const { exitCode, stdout } = await reconcile('--from', '0')
  assert.match(stdout, /says what the journal says.\n1 dead letter: playtrail dead-letters list\n/)
  assert.equal(exitCode, 1)
})

test('what cannot be checked ends with 2, and says why', async (t) => {
  const { service, reconcile } = await served(t)
  const { path, index } = service.folder
  await service.stop()
  const nobody = await reconcile('--store', 'http://127.0.0.1:9')
  assert.equal(nobody.exitCode, 2)
  assert.match(nobody.stderr, /could not check: Elasticsearch cannot be reached/)
  assert.equal((await reconcile('--from', 'one')).exitCode, 2)
  assert.equal((await reconcileIn(`${path}/none`)).exitCode, 2)
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${index}${suffix}`, { force: true })
  const none = await reconcile()
  assert.equal(none.exitCode, 2)
  assert.match(none.stderr, /could not check: there is no index at/)
})
