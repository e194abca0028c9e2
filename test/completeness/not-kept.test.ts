import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { examine } from '../../server/completeness/examine.ts'
import type { Event } from '../../server/event-types.ts'
import { openDeadLetters } from '../../server/index/dead-letters.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { temporaryFolder } from '../support/folder.ts'
import { journalIn } from '../support/journal.ts'

import { cleanRun, found, HOUR_MS, iso, NOW, PERIOD, reasonsOf, START } from './examined.ts'

test('dead letters of the time are in the way, those of other times are not', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const { journal } = await journalIn(temporaryFolder(t))
  t.after(() => journal.close())
  const letters = openDeadLetters(join(temporaryFolder(t), 'dead-letters.sqlite'))
  t.after(() => letters.close())
  const refuse = async (event: Event): Promise<void> => {
    const index = journal.end
    const { id: eventId } = event.event
    await journal.append([{ eventId, payload: Buffer.from(JSON.stringify(event)) }], 'control-1', NOW * 1_000)
    letters.add([{ index, eventId, reason: 'no' }], 'sqlite', new Date(NOW))
  }
  const ask = () => examine({ ...of, journal, deadLetters: letters }, PERIOD, new AbortController().signal)
  const [other, life] = [runOfEvents(START - 2 * HOUR_MS), runOfEvents(START - 48 * HOUR_MS)]
  const ofService = (more: Partial<Event>) =>
    life.next('event.conflict', {
      '@timestamp': iso(NOW),
      run: { id: life.id, kind: 'service', status: 'running' },
      ...more
    })
  const about = (eventId: string) => ({
    ...{ event_id: eventId, sender: 'mallory', hash: '00' },
    ...{ kept_index: 0, kept_sender: 'ansible', kept_hash: '11' }
  })
  await refuse(other.started())
  await refuse(ofService({}))
  await refuse(ofService({ conflict: about(`${other.id}:0`) }))
  assert.equal((await ask()).verdict, 'complete')
  // What the service says of a run belongs to the run, and to the time in which it says it.
  await refuse(ofService({ conflict: about(`${runOfEvents(START).id}:0`) }))
  await refuse(ofService({ conflict: about(`${other.id}:0`), '@timestamp': iso(START) }))
  assert.equal((await ask()).index.dead_letters, 2)
  await refuse(runOfEvents(START).started())
  const answer = await ask()
  assert.deepEqual([answer.verdict, reasonsOf(answer)], ['unchecked', ['dead_letters']])
  assert.equal(answer.index.dead_letters, 3)
  // An event that the journal does not give may be about anything.
  letters.add([{ index: 99, eventId: `${life.id}:99`, reason: 'no' }], 'sqlite', new Date(NOW))
  assert.equal((await ask()).index.dead_letters, 4)
})

test('runs that were removed because of their age are not taken for runs that never were', async (t) => {
  const kept = runOfEvents(START + 2)
  const { of } = await found(t, { events: [...cleanRun(), kept.started(), kept.finished('success')] })
  while ((await of.store.expireSome?.({ runsMax: 1 }))?.isMore === true);
  const answer = await examine(of, PERIOD, new AbortController().signal)
  assert.deepEqual(
    [answer.verdict, reasonsOf(answer), answer.runs.recorded],
    ['unchecked', ['index_expired'], 1]
  )
  const since = await examine(of, { ...PERIOD, fromMs: START + 1 }, new AbortController().signal)
  assert.equal(since.verdict, 'complete')
})

test('of a run that is removed in part because of its age no flaws are told', async (t) => {
  const [run, kept] = [runOfEvents(START), runOfEvents(START + 2)]
  const results = Array.from({ length: limits.expireEventsMax }, () => run.result('web-1', 'ok'))
  const events = [run.started(), ...results, run.finished('success'), kept.started()]
  const { of } = await found(t, { events: [...events.slice(1), kept.finished('success')] })
  const ask = () => examine(of, PERIOD, new AbortController().signal)
  assert.equal((await ask()).verdict, 'incomplete')
  await of.store.expireSome?.({ runsMax: 1 })
  const answer = await ask()
  assert.deepEqual([answer.runs.recorded, answer.flaws], [2, []])
  assert.deepEqual([answer.verdict, reasonsOf(answer)], ['unchecked', ['index_expired']])
})
