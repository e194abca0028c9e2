import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Event } from '../../server/event-types.ts'
import type { Journal } from '../../server/journal/journal.ts'
import { limits } from '../../server/limits.ts'
import { createValidator } from '../../server/receive/validate.ts'
import { ndjson, resultEvent, runId } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { START_RECORDS, STOP_RECORDS, toldOf } from '../support/life.ts'
import { get, post, runningService } from '../support/service.ts'

async function conflictsIn(journal: Journal): Promise<Event[]> {
  return toldOf(await allRecords(journal))
}

function withMessage(event: Event, msg: string): Event {
  return { ...event, ansible: { ...event.ansible, result: { status: 'changed', msg } } }
}

test('whoever uses an acknowledged id for other content is refused, and recorded with the hashes of both', async (t) => {
  const service = await runningService(t)
  const event = resultEvent(runId(), 0)
  await post(service, ndjson([event]))
  const forged = withMessage(event, 'nothing of the kind happened')
  const { status, body } = await post(service, ndjson([forged]))
  assert.deepEqual([status, body.code, body.rejected[0].code], [400, 'batch_refused', 'event_conflict'])

  const [recorded, ...others] = await conflictsIn(service.journal)
  assert.equal(others.length, 0)
  assert.deepEqual(recorded?.conflict, {
    event_id: event.event.id,
    sender: 'local',
    hash: hash('sha256', JSON.stringify(forged)),
    kept_index: START_RECORDS,
    kept_sender: 'local',
    kept_hash: hash('sha256', JSON.stringify(event))
  })
  assert.equal(createValidator()(recorded)?.problem.code, 'provider_reserved', 'all else follows the schema')
  await service.follower.idle()
  const found = await get(service, '/v1/events?q=conflict.sender:local')
  assert.equal(found.body.items[0].event.action, 'event.conflict')

  const [segment = ''] = readdirSync(service.folder.journal)
  const journal = readFileSync(join(service.folder.journal, segment), 'latin1')
  assert.doesNotMatch(journal, /nothing of the kind/, 'what was refused is in the quarantine alone')
})

test('so many conflicts a minute are recorded one by one, and all others are counted', async (t) => {
  const dataDir = temporaryFolder(t)
  const service = await runningService(t, dataDir)
  const run = runId()
  const events = Array.from({ length: 40 }, (_, sequence) => resultEvent(run, sequence))
  await post(service, ndjson(events))
  const forged = events.map((event) => withMessage(event, 'forged'))
  await post(service, ndjson(forged.slice(0, 30)))
  const answer = await post(service, ndjson(forged.slice(30)))
  assert.equal(answer.body.rejected.length, 10)
  assert.equal((await conflictsIn(service.journal)).length, limits.conflictEventsPerMinuteMax)
  await service.stop()

  const { journal } = await journalIn(dataDir)
  const recorded = await conflictsIn(journal)
  await journal.close()
  assert.equal(recorded.length, limits.conflictEventsPerMinuteMax + 1)
  const told = recorded.reduce((sum, { conflict }) => sum + 1 + (conflict?.suppressed ?? 0), 0)
  assert.equal(told, forged.length)
  assert.equal(recorded.at(-1)?.conflict?.event_id, `${run}:39`)
})

test('an id is known, and its content protected, after the known ids were lost', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await runningService(t, dataDir)
  const event = resultEvent(runId(), 0)
  await post(first, ndjson([event]))
  await first.stop()
  rmSync(first.folder.ids)

  const second = await runningService(t, dataDir)
  assert.deepEqual((await post(second, ndjson([event]))).body, { accepted: 0, duplicates: 1, rejected: [] })
  assert.equal((await post(second, ndjson([withMessage(event, 'forged')]))).status, 400)
  assert.equal((await conflictsIn(second.journal))[0]?.conflict?.kept_index, START_RECORDS)
  // Two starts and a stop, the event, and what was told of the other one.
  assert.equal(second.journal.end, 2 * START_RECORDS + STOP_RECORDS + 2)
})
