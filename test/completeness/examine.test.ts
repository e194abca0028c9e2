import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Examined, examine } from '../../server/completeness/examine.ts'
import { limits } from '../../server/limits.ts'
import { batchOf, receivedTime, runOfEvents } from '../index/fixtures.ts'

import { cleanRun, found, HOUR_MS, NOW, PERIOD, reasonsOf, START } from './examined.ts'

test('an index that lags behind the end of the time proves nothing, and its gaps are none', async (t) => {
  const [started, , ended] = cleanRun()
  assert.ok(started && ended)
  const behind = (lagSeconds: number, lag: number | undefined = 3): Examined['follower'] => ({
    idle: () => new Promise<void>(() => undefined),
    ...{ lag, lagSeconds }
  })
  const events = [started, ended]
  const late = { events, follower: behind(2.5 * 3_600) }
  const [{ answer }, lacking, after, unknown] = await Promise.all([
    found(t, late),
    found(t, { events, follower: behind(0.5 * 3_600) }),
    // What waits was received after the end of the time.
    found(t, { events: cleanRun(), follower: behind(0.5 * 3_600) }),
    found(t, { events: cleanRun(), follower: { ...behind(0), lag: undefined } })
  ])
  assert.deepEqual([answer.verdict, reasonsOf(answer)], ['unchecked', ['index_lag']])
  assert.equal(answer.flaw_counts.missing, 1)
  // What the run lacks may be among what waits, whenever that was received.
  assert.deepEqual([lacking.answer.verdict, reasonsOf(lacking.answer)], ['unchecked', ['index_lag']])
  assert.equal(after.answer.verdict, 'complete')
  assert.deepEqual([unknown.answer.verdict, unknown.answer.index.lag], ['unchecked', null])
})

test('a run that went on and was not heard of for too long is silent, with its controller and sender', async (t) => {
  const run = runOfEvents(START)
  const events = [run.started(), run.result('web-1', 'ok')]
  const { answer } = await found(t, { events, silentAfterMs: HOUR_MS })
  assert.deepEqual(answer.flaws, [
    {
      ...{ kind: 'silent', is_closed: false, since: receivedTime(1), sender: 'control-1' },
      ...{ run: { id: run.id, name: 'site.yml' }, user: { name: 'alice' } },
      observer: { hostname: 'control-1' }
    }
  ])
  assert.equal(answer.runs.running, 1)
  const patient = await found(t, { events, silentAfterMs: 3 * HOUR_MS })
  assert.equal(patient.answer.verdict, 'complete')
})

test('of many flaws the first are told, and all are counted', async (t) => {
  const runs = limits.completenessFlawsMax + 3
  const events = Array.from({ length: runs }, (_, which) => {
    const run = runOfEvents(START, { which })
    run.started()
    return run.result('web-1', 'ok')
  })
  const { answer } = await found(t, { events })
  assert.equal(answer.runs.recorded, runs)
  assert.equal(answer.flaws.length, limits.completenessFlawsMax)
  assert.equal(answer.flaws.length + answer.flaws_more, 2 * runs)
  assert.deepEqual([answer.flaw_counts.missing, answer.flaw_counts.no_start], [runs, runs])
})

test('a flaw of a run that is being indexed just now is looked at again before it is told', async (t) => {
  const [started, result, ended] = cleanRun()
  assert.ok(started && result && ended)
  const { of } = await found(t, {})
  await of.store.write(batchOf([started, ended], 0))
  let waits = 0
  const idle = async (): Promise<void> => {
    waits++
    // What was on its way arrives between the two looks: its record is the one between.
    if (waits === 2) await of.store.write(batchOf([result], 2))
  }
  const follower = { ...of.follower, idle }
  const asked = { ...of, follower, now: () => START + 1 }
  const answer = await examine(asked, PERIOD, new AbortController().signal)
  assert.equal(waits, 2)
  assert.deepEqual(
    answer.flaws.map(({ kind }) => kind),
    ['late']
  )
})

test('a flaw is none yet if the index falls behind while it is looked at again', async (t) => {
  const [started, result, ended] = cleanRun()
  assert.ok(started && result && ended)
  const { of } = await found(t, {})
  await of.store.write(batchOf([started, ended], 0))
  let waits = 0
  const follower = {
    idle: () => (++waits === 1 ? Promise.resolve() : new Promise<void>(() => undefined)),
    ...{ lag: 1, lagSeconds: 1 }
  }
  // The examination takes so long that the last that was heard of the run is no longer new.
  const times = [START, NOW]
  const asked = { ...of, follower, now: () => times.shift() ?? NOW }
  const answer = await examine(asked, PERIOD, new AbortController().signal)
  assert.equal(waits, 2)
  assert.deepEqual([answer.verdict, reasonsOf(answer)], ['unchecked', ['index_lag']])
})

test('an index that is never done, since always something new comes, has what was asked for', async (t) => {
  const follower = { idle: async () => undefined, lag: 5, lagSeconds: 0 }
  const { answer } = await found(t, { events: cleanRun(), follower })
  assert.deepEqual([answer.verdict, answer.index.lag], ['complete', 5])
})

test('a question that nobody waits for any more ends', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const leaving = new AbortController()
  const follower = { ...of.follower, idle: () => new Promise<void>(() => undefined) }
  const asked = examine({ ...of, follower }, PERIOD, leaving.signal)
  leaving.abort(new Error('gone'))
  await assert.rejects(asked, { message: 'gone' })
})
