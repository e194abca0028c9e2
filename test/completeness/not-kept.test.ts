import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { examine } from '../../server/completeness/examine.ts'
import { openDeadLetters } from '../../server/index/dead-letters.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from '../index/fixtures.ts'
import { temporaryFolder } from '../support/folder.ts'

import { cleanRun, found, HOUR_MS, NOW, PERIOD, reasonsOf, START } from './examined.ts'

test('dead letters of the time are in the way, those of other times are not', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const other = runOfEvents(START - 2 * HOUR_MS).id
  const letters = openDeadLetters(join(temporaryFolder(t), 'dead-letters.sqlite'))
  t.after(() => letters.close())
  letters.add([{ index: 7, eventId: `${other}:7`, reason: 'no' }], 'sqlite', new Date(NOW))
  const ask = () => examine({ ...of, deadLetters: letters }, PERIOD, new AbortController().signal)
  assert.equal((await ask()).verdict, 'complete')
  letters.add([{ index: 8, eventId: `${runOfEvents(START).id}:8`, reason: 'no' }], 'sqlite', new Date(NOW))
  const answer = await ask()
  assert.deepEqual([answer.verdict, reasonsOf(answer)], ['unchecked', ['dead_letters']])
  assert.equal(answer.index.dead_letters, 1)
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
