import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
import type { Event } from '../../server/event-types.ts'
import { type Follower, startFollower } from '../../server/index/follower.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import type { IndexedEvent, Run, Store } from '../../server/index/store.ts'
import type { Journal } from '../../server/journal/journal.ts'
import { lifeEvent } from '../../server/life/event.ts'
import { limits } from '../../server/limits.ts'
import { createValidator } from '../../server/receive/validate.ts'
import { startService } from '../../server/service.ts'
import { type SilenceOptions, watchSilence } from '../../server/silence/watch.ts'
import { type RunOfEvents, runOfEvents } from '../index/fixtures.ts'
import { onEnd } from '../support/cleanup.ts'
import { ndjson } from '../support/events.ts'
import { temporaryFolder } from '../support/folder.ts'
import { allRecords, journalIn } from '../support/journal.ts'
import { START_RECORDS } from '../support/life.ts'
import { get, post } from '../support/service.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const MINUTE_MS = 60_000
const SILENT_AFTER_MS = 15 * MINUTE_MS

test('a run of which nothing is heard any more is closed, with an event of the server in the journal', async (t) => {
  const world = await silentWorld(t)
  const run = runOfEvents(START)
  await world.receive(run.started())
  await world.pass(SILENT_AFTER_MS)
  assert.equal((await world.run(run)).run.status, 'running', 'not a moment too early')
  await world.pass(limits.silenceIntervalMs)

  const found = await world.run(run)
  assert.deepEqual([found.run.status, found.run.reason], ['aborted', 'silent'])
  assert.deepEqual(found.event, {
    start: '2026-11-05T09:30:00.000Z',
    end: '2026-11-05T09:30:00.000000Z',
    duration: 0,
    outcome: 'unknown'
  })
  assert.equal(
    found.error?.message,
    'Nothing was heard of it for 15 minutes; the last event was received at 2026-11-05T09:30:00Z. The controller may be off, or cut off from the network.'
  )
  const [, record] = await allRecords(world.journal)
  assert.deepEqual([record?.eventId, record?.sender], [`${run.id}:v0`, 'server'])
  const event: Event = JSON.parse(String(record?.payload))
  assert.deepEqual(
    [event.run?.name, event.user?.name, event.observer?.hostname],
    ['site.yml', 'alice', 'control-1']
  )
  assert.equal(event['@timestamp'], '2026-11-05T09:45:30.000Z')
  // Valid in all but the one thing that only the server may say.
  assert.equal(createValidator()(event)?.problem.code, 'provider_reserved')
})

test('a run that is heard of now and then goes on, and one that has ended is left alone', async (t) => {
  const world = await silentWorld(t)
  const alive = runOfEvents(START)
  const finished = runOfEvents(START, { which: 1 })
  const killed = runOfEvents(START, { which: 2 })
  await world.receive(alive.started(), finished.started(), finished.finished('changed'), killed.aborted())
  for (let heard = 0; heard < 3; heard++) {
    await world.pass(SILENT_AFTER_MS - MINUTE_MS)
    await world.receive(alive.next('run.heartbeat'))
  }
  assert.equal(world.journal.end, 4 + 3)
  assert.equal((await world.run(alive)).run.status, 'running')
  assert.equal((await world.run(killed)).run.reason, 'killed')
})

test('a run that is heard of again lives, falls silent a second time, and can finish still', async (t) => {
  const world = await silentWorld(t)
  const run = runOfEvents(START)
  const statusAfter = async (work: () => Promise<void>) => {
    await work()
    return (await world.run(run)).run.status
  }
  const silence = () => world.pass(SILENT_AFTER_MS + MINUTE_MS)
  await world.receive(run.started())
  assert.equal(await statusAfter(silence), 'aborted')
  assert.equal(await statusAfter(silence), 'aborted')
  assert.equal(world.journal.end, 2, 'it is closed once')
  assert.equal(await statusAfter(() => world.receive(run.next('run.heartbeat'))), 'running')
  assert.equal(await statusAfter(silence), 'aborted')
  assert.equal(await statusAfter(() => world.receive(run.finished('success'))), 'success')
  assert.deepEqual(
    (await allRecords(world.journal)).map(({ eventId }) => eventId.slice(run.id.length)),
    [':0', ':v0', ':1', ':v1', ':2']
  )
})

test('time in which the service did not listen does not count', async (t) => {
  const world = await silentWorld(t)
  const run = runOfEvents(START - 24 * 60 * MINUTE_MS)
  // Received by the service before this one, a day ago.
  await world.receiveAt(START - 24 * 60 * MINUTE_MS, run.started())
  await world.pass(SILENT_AFTER_MS - MINUTE_MS)
  assert.equal((await world.run(run)).run.status, 'running', 'senders have not had the time to come back')
  await world.sleepThrough(3 * SILENT_AFTER_MS)
  await world.pass(SILENT_AFTER_MS - MINUTE_MS)
  assert.equal((await world.run(run)).run.status, 'running', 'the machine had been suspended')
  await world.pass(MINUTE_MS)
  const { run: found, error } = await world.run(run)
  assert.equal(found.status, 'aborted')
  assert.match(error?.message ?? '', /^Nothing was heard of it for 2\d hours;/)
})

test('the life of the service, which says less often that it goes on, is never closed as silent', async (t) => {
  const world = await silentWorld(t)
  const fields = { user: { name: 'playtrail' } }
  const life = runOfEvents(START)
  const other = runOfEvents(START + 1, { which: 1 })
  await world.receive(
    lifeEvent(life.id, 0, { action: 'run.started', type: 'start', fields }, START),
    other.started()
  )
  await world.pass(3 * SILENT_AFTER_MS)
  assert.equal((await world.run(other)).run.status, 'aborted', 'somebody was looked for')
  const { run, playtrail } = await world.run(life)
  assert.deepEqual([run.status, playtrail.silences], ['running', 0])
})

test('what was received and is not in the index yet has been heard', async (t) => {
  const { faults, hold, release, asked } = heldIndex(t)
  const world = await silentWorld(t, faults)
  const run = runOfEvents(START)
  await world.receive(run.started())
  await world.pass(SILENT_AFTER_MS)
  hold()
  const indexed = world.receive(run.next('run.heartbeat'))
  await until(async () => (world.journal.end === 2 ? true : undefined))
  const passed = world.pass(limits.silenceIntervalMs)
  await asked
  release()
  await Promise.all([indexed, passed])
  assert.equal(world.journal.end, 2, 'nothing was closed')
  await world.pass(2 * SILENT_AFTER_MS)
  assert.equal((await world.run(run)).run.status, 'aborted')
})

test('the watch ends although the index stands still', async (t) => {
  const { faults, hold, release, asked } = heldIndex(t)
  const world = await silentWorld(t, faults)
  hold()
  const indexed = world.receive(runOfEvents(START).started())
  void world.pass(SILENT_AFTER_MS + MINUTE_MS)
  await asked
  await world.stop()
  release()
  await indexed
  assert.equal(world.journal.end, 1)
})

test('of very many silent runs each look closes some', async (t) => {
  const world = await silentWorld(t)
  const runs = Array.from({ length: limits.silencesAtOnceMax + 1 }, (_, which) =>
    runOfEvents(START, { which })
  )
  await world.receive(...runs.map((run) => run.started()))
  await world.pass(SILENT_AFTER_MS + limits.silenceIntervalMs)
  assert.equal(world.journal.end, runs.length + limits.silencesAtOnceMax)
  await world.pass(limits.silenceIntervalMs)
  assert.equal(world.journal.end, 2 * runs.length)
})

for (const fault of ['before', 'after'] as const) {
  test(`an append that fails ${fault} it took effect is said, and leaves the run closed once`, async (t) => {
    let faults = 1
    const world = await silentWorld(t, {
      append: (journal) => ({
        id: journal.id,
        append: async (...entries) => {
          if (fault === 'before' && faults-- > 0) throw new Error('the disk is full')
          const appended = await journal.append(...entries)
          if (fault === 'after' && faults-- > 0) throw new Error('the disk is full')
          return appended
        }
      })
    })
    const run = runOfEvents(START)
    await world.receive(run.started())
    await world.pass(SILENT_AFTER_MS + 2 * MINUTE_MS)
    assert.equal(world.errors.length, 1)
    assert.match(world.errors[0] ?? '', /^runs that fell silent could not be closed/)
    assert.equal(world.journal.end, 2)
    assert.equal((await world.run(run)).run.status, 'aborted')
  })
}

test('a service closes what fell silent, and takes a finish that comes late', async (t) => {
  const config = readConfig({ listen: '127.0.0.1:0', dataDir: temporaryFolder(t), silentAfter: '1' }, {})
  const service = await startService(config, pino({ level: 'silent' }), (error) => {
    throw error
  })
  onEnd(t, () => service.stop())
  const run = runOfEvents(Date.now())
  await post(service, ndjson([run.started()]))
  const found = await until(async () => {
    const { body } = await get(service, `/v1/runs/${run.id}`)
    return body.run?.reason === 'silent' ? (body as Run) : undefined
  })
  assert.equal(found.run.status, 'aborted')
  const { body: events } = await get(service, `/v1/events?run=${run.id}&action=run.aborted`)
  const [said] = events.items as IndexedEvent[]
  assert.deepEqual([said?.event.provider, said?.playtrail.sender], ['server', 'server'])
  assert.equal(said?.event.end, found.playtrail.last_heard)

  await post(service, ndjson([run.finished('changed')]))
  await service.follower.idle()
  assert.equal((await get(service, `/v1/runs/${run.id}`)).body.run.status, 'changed')
})

test('a service that was told to closes no run', async (t) => {
  const config = readConfig({ listen: '127.0.0.1:0', dataDir: temporaryFolder(t), silentAfter: '0' }, {})
  const service = await startService(config, pino({ level: 'silent' }), (error) => {
    throw error
  })
  onEnd(t, () => service.stop())
  const run = runOfEvents(Date.now())
  await post(service, ndjson([run.started()]))
  // Long enough for a watch that took 0 at its word.
  for (let asked = 0; asked < 30; asked++) await get(service, `/v1/runs/${run.id}`)
  assert.equal(service.journal.end, START_RECORDS + 1)
})

interface World {
  journal: Journal
  /** What went wrong, as the log has it. */
  errors: string[]
  /** The events come in now, and are indexed when this resolves. */
  receive(...events: Event[]): Promise<void>
  receiveAt(ms: number, ...events: Event[]): Promise<void>
  /** Time goes by, look after look; what the looks append is indexed when this resolves. */
  pass(ms: number): Promise<void>
  /** Time goes by in which nothing runs. */
  sleepThrough(ms: number): Promise<void>
  run(run: RunOfEvents): Promise<Run>
  stop(): Promise<void>
}

interface Faults {
  store?: (store: Store) => Store
  follower?: (follower: Follower) => SilenceOptions['follower']
  append?: (journal: Journal) => SilenceOptions['journal']
}

/** A journal, a follower, a store and the watch, all real; the clock and the pauses are the test's. */
async function silentWorld(t: TestContext, faults: Faults = {}): Promise<World> {
  const clock = { ms: START }
  const pauses = steppedPauses()
  const { folder, journal } = await journalIn(temporaryFolder(t))
  onEnd(t, () => journal.close())
  const log = { error: () => undefined, warn: () => undefined }
  const path = join(folder.path, 'index.sqlite')
  const sqlite = await openSqliteStore({ path, journalId: folder.log, journalEnd: 0, log })
  onEnd(t, () => sqlite.close())
  const store = faults.store?.(sqlite) ?? sqlite
  const follower = startFollower({ journal, store, log })
  onEnd(t, () => follower.stop())
  const errors: string[] = []
  const watch = watchSilence({
    journal: faults.append?.(journal) ?? journal,
    follower: faults.follower?.(follower) ?? follower,
    store,
    log: { info: () => undefined, error: (_: unknown, text?: string) => void errors.push(text ?? '') },
    silentAfterMs: SILENT_AFTER_MS,
    now: () => clock.ms,
    sleep: pauses.sleep
  })
  onEnd(t, () => watch.stop())

  const receiveAt: World['receiveAt'] = async (ms, ...events) => {
    const entries = events.map((event) => ({
      eventId: event.event.id,
      payload: Buffer.from(JSON.stringify(event))
    }))
    await journal.append(entries, 'control-1', ms * 1_000)
    await follower.idle()
  }
  return {
    journal,
    errors,
    receive: (...events) => receiveAt(clock.ms, ...events),
    receiveAt,
    async pass(ms) {
      for (const end = clock.ms + ms; clock.ms < end; ) {
        clock.ms += limits.silenceIntervalMs
        await pauses.end()
      }
      await follower.idle()
    },
    async sleepThrough(ms) {
      clock.ms += ms
      await pauses.end()
    },
    async run(run) {
      const [found] = (await sqlite.runs({ id: run.id, limit: 1 })).items
      assert.ok(found)
      return found
    },
    stop: () => watch.stop()
  }
}

/** An index that stands still while it is held; `asked` resolves when the watch waits for it. */
function heldIndex(t: TestContext): { faults: Faults; hold(): void; release(): void; asked: Promise<void> } {
  let held: PromiseWithResolvers<void> | undefined
  const asked = Promise.withResolvers<void>()
  return {
    faults: {
      store: (store) => ({
        ...store,
        write: async (batch) => {
          await held?.promise
          return await store.write(batch)
        }
      }),
      follower: (follower) => ({
        idle: () => {
          if (held !== undefined) asked.resolve()
          return follower.idle()
        }
      })
    },
    hold: () => {
      held = Promise.withResolvers()
      // Also where the test fails: the follower does not stop before its write has ended.
      onEnd(t, held.resolve)
    },
    release: () => held?.resolve(),
    asked: asked.promise
  }
}

/** Pauses that end when the test says so. */
function steppedPauses(): { sleep: NonNullable<SilenceOptions['sleep']>; end(): Promise<void> } {
  let pause = Promise.withResolvers<void>()
  let begun = Promise.withResolvers<void>()
  return {
    async sleep(_ms, signal) {
      pause = Promise.withResolvers()
      signal.addEventListener('abort', () => pause.resolve(), { once: true })
      begun.resolve()
      if (!signal.aborted) await pause.promise
    },
    /** Resolves when the next pause has begun: when the look between the two is over. */
    async end() {
      begun = Promise.withResolvers()
      pause.resolve()
      await begun.promise
    }
  }
}

/** What `look` finds, as soon as it finds it. */
async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (let left = 600; left > 0; left--) {
    const found = await look()
    if (found !== undefined) return found
    await sleepFor(50)
  }
  throw new Error('it did not happen within 30 seconds')
}
