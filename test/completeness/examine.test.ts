import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Examination, type Examined, examine } from '../../server/completeness/examine.ts'
import { firstHole } from '../../server/completeness/was-up.ts'
import type { Event } from '../../server/event-types.ts'
import { openDeadLetters } from '../../server/index/dead-letters.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import { limits } from '../../server/limits.ts'
import { openQuarantine, type Quarantined } from '../../server/receive/quarantine.ts'
import { batchOf, JOURNAL_ID, RECEIVED_AT, receivedTime, runOfEvents } from '../index/fixtures.ts'
import { temporaryFolder } from '../support/folder.ts'

const START = RECEIVED_AT / 1_000
const HOUR_MS = 3_600_000
const PERIOD = { fromMs: START - HOUR_MS, toMs: START + HOUR_MS }
/** Long after everything was received. */
const NOW = START + 2 * HOUR_MS

interface Setting extends Partial<Examined> {
  events?: Event[]
  refused?: Partial<Quarantined>[]
  period?: typeof PERIOD
}

/** What is found with a real store, quarantine and dead letters, and an index that is not behind unless it is said. */
async function found(t: TestContext, { events = [], refused = [], period = PERIOD, ...more }: Setting) {
  const folder = temporaryFolder(t)
  const path = join(folder, 'index.sqlite')
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path, journalId: JOURNAL_ID, journalEnd: 0, log })
  t.after(() => store.close())
  if (events.length > 0) await store.write(batchOf(events))
  const deadLetters = openDeadLetters(join(folder, 'dead-letters.sqlite'))
  t.after(() => deadLetters.close())
  const quarantine = temporaryFolder(t)
  const kept = await openQuarantine(quarantine)
  await kept.add(refused.map(refusedLine))
  await kept.close()
  const of: Examined = {
    ...{ store, deadLetters, quarantine, log: JOURNAL_ID, silentAfterMs: 0 },
    follower: { idle: async () => undefined, lag: 0, lagSeconds: 0 },
    now: () => NOW,
    ...more
  }
  return { of, answer: await examine(of, period, new AbortController().signal) }
}

function refusedLine(changes: Partial<Quarantined>): Quarantined {
  return {
    received: new Date(START).toISOString(),
    ...{ sender: 'ansible', request: 'req-1', code: 'event_invalid', message: 'It is not valid.', line: 1 },
    ...{ content: '{}', encoding: 'utf8' },
    ...changes
  }
}

function reasonsOf({ unchecked }: Examination): string[] {
  return unchecked.map(({ reason }) => reason)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function cleanRun(): Event[] {
  const run = runOfEvents(START)
  return [run.started(), run.result('web-1', 'ok'), run.finished('success')]
}

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
  // Runs that are recorded are looked at, whether or not the service says that it was up.
  assert.equal((await found(t, { events: cleanRun() })).answer.verdict, 'complete')
})

test('the first hole between signs of life that reaches into the time is found', () => {
  const times = [0, 60, 120, 240, 300].map((minutes) => minutes * 60_000)
  const at = (from: number, to: number) => firstHole(times, { fromMs: from * 60_000, toMs: to * 60_000 })
  assert.equal(at(0, 120), undefined)
  assert.equal(at(240, 300), undefined)
  assert.equal(at(250, 260), undefined)
  assert.deepEqual(at(0, 300), { fromMs: 120 * 60_000, toMs: 240 * 60_000 })
  assert.deepEqual(at(130, 200), { fromMs: 130 * 60_000, toMs: 200 * 60_000 })
  assert.deepEqual(at(-10, 60), { fromMs: -10 * 60_000, toMs: 0 })
  assert.deepEqual(at(290, 310), { fromMs: 300 * 60_000, toMs: 310 * 60_000 })
  assert.deepEqual(firstHole([], { fromMs: 0, toMs: 10 }), { fromMs: 0, toMs: 10 })
})

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

test('what was refused in the time is told by sender and reason', async (t) => {
  const before = new Date(START - 2 * HOUR_MS).toISOString()
  const later = new Date(START + 1_000).toISOString()
  const { answer } = await found(t, {
    events: cleanRun(),
    refused: [
      { received: before },
      {},
      { received: later },
      { sender: 'other', code: 'json_invalid', message: 'It is no JSON.' }
    ]
  })
  assert.equal(answer.verdict, 'incomplete')
  assert.deepEqual(answer.flaws, [
    {
      ...{ kind: 'quarantined', sender: 'ansible', code: 'event_invalid', events: 2 },
      ...{ since: new Date(START).toISOString(), until: later, message: 'It is not valid.' }
    },
    {
      ...{ kind: 'quarantined', sender: 'other', code: 'json_invalid', events: 1 },
      ...{ since: new Date(START).toISOString(), until: new Date(START).toISOString() },
      message: 'It is no JSON.'
    }
  ])
})

test('a quarantine that has lost its oldest file proves nothing of the time before', async (t) => {
  const { of } = await found(t, { events: cleanRun() })
  const file = join(of.quarantine, '000000000009.ndjson')
  const line = (received: string) => `${JSON.stringify(refusedLine({ received }))}\n`
  const ask = () => examine(of, PERIOD, new AbortController().signal)
  // Nothing is left of file 0; a line that a crash has torn is none.
  writeFileSync(join(of.quarantine, '000000000000.ndjson'), '')
  writeFileSync(file, `{"torn":\n${line(new Date(NOW).toISOString())}`)
  assert.equal((await ask()).verdict, 'complete')
  rmSync(join(of.quarantine, '000000000000.ndjson'))
  assert.deepEqual(reasonsOf(await ask()), ['quarantine_expired'])
  assert.equal((await ask()).verdict, 'unchecked')
  writeFileSync(file, line(new Date(PERIOD.fromMs - 1).toISOString()))
  assert.equal((await ask()).verdict, 'complete')
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

test('a conflict of the time is told also where its run is of another one, or where there is none', async (t) => {
  const old = runOfEvents(START - 48 * HOUR_MS)
  const conflict = (id: string, more: object = {}): Event => ({
    '@timestamp': new Date(START).toISOString(),
    event: { id: `server:${id}`, action: 'event.conflict', dataset: 'playtrail.service', provider: 'server' },
    conflict: {
      ...{ event_id: id, sender: 'mallory', hash: '00' },
      ...{ kept_index: 0, kept_sender: 'ansible', kept_hash: '11' },
      ...more
    }
  })
  const { answer } = await found(t, {
    events: [conflict(`${old.id}:4`), conflict(`${old.id}:5`), conflict('server:x')],
    refused: [
      { code: 'event_conflict', message: `event.id "${old.id}:9" was acknowledged before with other content` }
    ]
  })
  assert.deepEqual(answer.flaws, [
    {
      ...{ kind: 'doubled', run: { id: old.id }, count: 'run', events: 3 },
      ranges: [
        { first: 4, last: 5 },
        { first: 9, last: 9 }
      ]
    },
    { kind: 'doubled', events: 1, since: new Date(START).toISOString(), message: 'server:x' }
  ])
  // Somebody tries again what was refused in that time, long after it.
  const message = `event.id "${old.id}:4" was acknowledged before with other content`
  const again = await found(t, {
    events: [conflict(`${old.id}:4`)],
    refused: [{ code: 'event_conflict', message, received: iso(NOW) }]
  })
  assert.equal(again.answer.flaw_counts.doubled, 1)
  // Another server has what was only counted.
  const counted = await found(t, {
    events: [...cleanRun(), conflict(`${old.id}:4`, { suppressed: 3 })],
    log: 'another journal'
  })
  assert.deepEqual(reasonsOf(counted.answer), ['conflicts_not_told'])
  assert.equal(counted.answer.verdict, 'incomplete')
})

test('ids that were only counted are not told where the quarantine begins within their minute', async (t) => {
  const { of } = await found(t, {
    events: [
      ...cleanRun(),
      {
        '@timestamp': iso(START),
        event: { id: 'server:1', action: 'event.conflict', dataset: 'playtrail.service', provider: 'server' },
        conflict: {
          ...{ event_id: `${runOfEvents(START).id}:1`, sender: 'mallory', hash: '00', suppressed: 3 },
          ...{ kept_index: 0, kept_sender: 'ansible', kept_hash: '11' }
        }
      }
    ]
  })
  rmSync(join(of.quarantine, '000000000000.ndjson'), { force: true })
  const reasons = async (keptSinceMs: number) => {
    const line = JSON.stringify(refusedLine({ received: iso(keptSinceMs) }))
    writeFileSync(join(of.quarantine, '000000000009.ndjson'), `${line}\n`)
    return reasonsOf(await examine(of, PERIOD, new AbortController().signal))
  }
  assert.deepEqual(await reasons(START - 30_000), ['quarantine_expired', 'conflicts_not_told'])
  assert.deepEqual(await reasons(START - 61_000), ['quarantine_expired'])
})

test('of a run of another time no more ranges of conflicts are told than of one of this time', async (t) => {
  const old = runOfEvents(START - 48 * HOUR_MS)
  const numbers = Array.from({ length: limits.completenessFlawRangesMax + 2 }, (_, at) => 2 * at)
  const refused = numbers.map((number) => ({
    code: 'event_conflict' as const,
    message: `event.id "${old.id}:${number}" was acknowledged before with other content`
  }))
  const { answer } = await found(t, { refused })
  const [flaw] = answer.flaws
  assert.deepEqual(
    [flaw?.events, flaw?.ranges?.length, flaw?.ranges_more],
    [numbers.length, limits.completenessFlawRangesMax, 2]
  )
})

test('what a sender says that it dropped is told by its numbers, however few it says there are', async (t) => {
  const run = runOfEvents(START)
  const started = run.started()
  for (let lost = 0; lost < 3; lost++) run.result('web-1', 'ok')
  const ended = run.finished('success')
  const dropped: Event = {
    '@timestamp': iso(START),
    event: { id: `${run.id}:s0`, sequence: 0, action: 'spool.dropped', dataset: 'ansible.run' },
    run: { id: run.id },
    spool: { reason: 'size', events: 0, bytes: 0, sequences: ['1-2', '3-3', '9-4'] }
  }
  const { answer } = await found(t, { events: [started, ended, dropped] })
  assert.equal(answer.verdict, 'incomplete')
  const [flaw] = answer.flaws
  assert.deepEqual([flaw?.kind, flaw?.events, flaw?.ranges], ['dropped', 3, [{ first: 1, last: 3 }]])
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
