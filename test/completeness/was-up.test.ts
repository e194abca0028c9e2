import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstHole } from '../../server/completeness/was-up.ts'
import type { Event } from '../../server/event-types.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from '../index/fixtures.ts'

import { cleanRun, found, HOUR_MS, iso, reasonsOf, START } from './examined.ts'

test('an empty time is complete only where the service says all the time that it was up', async (t) => {
  const run = runOfEvents(START - HOUR_MS)
  const own = (event: Event, ms: number): Event => ({
    ...event,
    '@timestamp': new Date(ms).toISOString(),
    event: { ...event.event, dataset: 'playtrail.service' },
    run: { id: run.id, kind: 'service', status: 'running' }
  })
  const beats = [run.started(), ...Array.from({ length: 4 }, () => run.next('run.heartbeat'))]
  const life = beats.map((event, at) => own(event, START - 1.5 * HOUR_MS + at * HOUR_MS))
  const { answer } = await found(t, { events: life })
  assert.deepEqual([answer.verdict, answer.complete, answer.unchecked], ['complete', true, []])
  assert.deepEqual([answer.runs.recorded, answer.service_runs, answer.events.run], [0, 1, 0])
  const nothing = await found(t, {})
  assert.deepEqual([nothing.answer.verdict, reasonsOf(nothing.answer)], ['unchecked', ['nothing_recorded']])
  const dark = await found(t, { events: life.filter((_, at) => at !== 2) })
  assert.deepEqual(reasonsOf(dark.answer), ['nothing_recorded'])
  assert.match(
    dark.answer.unchecked[0]?.message ?? '',
    new RegExp(`up from ${iso(START - HOUR_MS / 2)} to ${iso(START + HOUR_MS)}`)
  )
  // Of its own life a number is missing, too.
  assert.deepEqual([dark.answer.verdict, dark.answer.flaw_counts.missing], ['incomplete', 1])
  // What shippers say is no sign of the service.
  const other = await found(t, {
    events: life.map((event) => ({ ...event, event: { ...event.event, dataset: 'ansible.run' } }))
  })
  assert.deepEqual(reasonsOf(other.answer), ['nothing_recorded'])
  // Another server that writes to this index was up: that says nothing of the one that is asked.
  const shared = await found(t, { events: life, log: 'another journal' })
  assert.deepEqual([shared.answer.verdict, reasonsOf(shared.answer)], ['unchecked', ['nothing_recorded']])
  // Runs that are recorded are looked at, whether or not the service says that it was up.
  assert.equal((await found(t, { events: cleanRun() })).answer.verdict, 'complete')
})

test('the first hole between signs of life that reaches into the time is found', async () => {
  const times = [0, 60, 120, 240, 300].map((minutes) => minutes * 60_000)
  const at = (from: number, to: number) => firstHole(times, { fromMs: from * 60_000, toMs: to * 60_000 })
  assert.equal(await at(0, 120), undefined)
  assert.equal(await at(240, 300), undefined)
  assert.equal(await at(250, 260), undefined)
  assert.deepEqual(await at(0, 300), { fromMs: 120 * 60_000, toMs: 240 * 60_000 })
  assert.deepEqual(await at(130, 200), { fromMs: 130 * 60_000, toMs: 200 * 60_000 })
  assert.deepEqual(await at(-10, 60), { fromMs: -10 * 60_000, toMs: 0 })
  assert.deepEqual(await at(290, 310), { fromMs: 300 * 60_000, toMs: 310 * 60_000 })
  assert.deepEqual(await firstHole([], { fromMs: 0, toMs: 10 }), { fromMs: 0, toMs: 10 })
})

test('of more than a year in which nothing happened every hour is looked at', async (t) => {
  const hours = limits.completenessRemarksMax + 100
  const run = runOfEvents(START)
  const signs = [run.started(), ...Array.from({ length: hours }, () => run.next('run.heartbeat'))]
  const life = signs.map(
    (event, at): Event => ({
      ...event,
      '@timestamp': iso(START + at * HOUR_MS),
      event: { ...event.event, dataset: 'playtrail.service' },
      run: { id: run.id, kind: 'service', status: 'running' }
    })
  )
  const period = { fromMs: START, toMs: START + hours * HOUR_MS }
  const now = () => period.toMs + 1
  assert.equal((await found(t, { events: life, period, now })).answer.verdict, 'complete')
  const dark = await found(t, { events: life.filter((_, at) => at !== hours - 1), period, now })
  assert.match(
    dark.answer.unchecked[0]?.message ?? '',
    new RegExp(`up from ${iso(START + (hours - 2) * HOUR_MS)} to ${iso(period.toMs)}`)
  )
})
