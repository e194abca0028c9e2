import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Event } from '../../server/event-types.ts'
import { type FollowerOptions, startFollower } from '../../server/index/follower.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from './fixtures.ts'
import { type Fault, MemoryJournal, MemoryStore } from './memory.ts'

const quiet = { error: () => undefined, warn: () => undefined }
/** The clock of these tests: a pause is a turn of the event loop, however long. */
const sleep = async (): Promise<void> => turn()

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('none', 'fails before', 'fails after'),
  turns: fc.nat(3)
})
const faults = fc.array(fault, { maxLength: 15 })
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })

// Whatever fails, before or after it took effect, and wherever the process ends: the store has each event of
// the journal once, and the saved cursor never claims an event that is not there.
test('no event is lost or doubled, whatever fails and however often it is started again', async () => {
  await fc.assert(
    fc.asyncProperty(
      faults,
      faults,
      faults,
      sizes,
      fc.array(fc.nat(30), { maxLength: 4 }),
      async (...plan) => {
        const [writeFaults, cursorFaults, readFaults, readSizes, stops] = plan
        const journal = new MemoryJournal(readSizes)
        const store = new MemoryStore()
        store.faults.push(...writeFaults)
        store.cursorFaults.push(...cursorFaults)
        journal.faults.push(...readFaults)
        const events = eventsOf(40)
        journal.append(...events.slice(0, 25))

        for (const turns of stops) {
          const follower = startFollower({ journal, store, log: quiet, sleep })
          for (let turned = 0; turned < turns; turned++) await turn()
          await follower.stop()
          assert.ok((await store.cursor()) <= claimed(store))
        }
        const follower = startFollower({ journal, store, log: quiet, sleep })
        journal.append(...events.slice(25))
        await follower.idle()
        await follower.stop()
        assert.deepEqual(
          [...store.ids.values()].sort((one, other) => one - other),
          [...events.keys()]
        )
        assert.ok(store.writesUnderWayMax <= limits.indexWritesInFlightMax)
      }
    ),
    { numRuns: 300 }
  )
})

test('a refused event is told, and what comes behind it is indexed', async () => {
  const journal = new MemoryJournal([2])
  const store = new MemoryStore()
  store.faults.push({ kind: 'fails before', turns: 0 })
  const [first, last] = eventsOf(2)
  assert.ok(first && last)
  journal.append(first, 'no object', last)
  const told: number[] = []
  const onRefused: FollowerOptions['onRefused'] = (refused) =>
    void told.push(...refused.map(({ index }) => index))
  const follower = startFollower({ journal, store, log: quiet, sleep, onRefused })
  await follower.idle()
  await follower.stop()
  assert.deepEqual(told, [1])
  assert.equal(await store.cursor(), 3)
  assert.equal(store.ids.size, 2)
})

test('a batch that is read again tells only what it was to bring, though it is longer now', async () => {
  const journal = new MemoryJournal([1, 1, 1, 3, 3, 3, 3, 3])
  const store = new MemoryStore()
  store.faults.push({ kind: 'fails before', turns: 0 })
  const [first, last] = eventsOf(2)
  assert.ok(first && last)
  journal.append(first, 'no object', last)
  const untilTheLastIsThere = async (): Promise<void> => {
    while (store.ids.size === 0) await turn()
  }
  const told: number[] = []
  const follower = startFollower({
    journal,
    store,
    log: quiet,
    sleep: untilTheLastIsThere,
    onRefused: (refused) => void told.push(...refused.map(({ index }) => index))
  })
  await follower.idle()
  await follower.stop()
  assert.deepEqual(told, [1])
  assert.equal(store.ids.size, 2)
})

test('while the store is busy the journal is read one batch ahead, and no further', async () => {
  const journal = new MemoryJournal([1])
  const store = new MemoryStore()
  store.faults.push(...Array.from({ length: 4 }, (): Fault => ({ kind: 'none', turns: 100 })))
  journal.append(...eventsOf(20))
  const follower = startFollower({ journal, store, log: quiet, sleep })
  for (let turned = 0; turned < 50; turned++) await turn()
  assert.equal(store.ids.size, 0)
  assert.equal(journal.reads, limits.indexWritesInFlightMax + 1)
  await follower.idle()
  await follower.stop()
})

test('what fails is named until it succeeds', async () => {
  const journal = new MemoryJournal()
  const store = new MemoryStore()
  store.faults.push({ kind: 'fails before', turns: 0 })
  const { promise: pause, resolve: goOn } = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<number>()
  const follower = startFollower({
    journal,
    store,
    log: quiet,
    sleep: (ms) => {
      failed.resolve(ms)
      return pause
    }
  })
  assert.equal(follower.lastError, undefined)
  journal.append(...eventsOf(1))
  assert.equal(await failed.promise, limits.indexRetryDelayMs)
  assert.equal(follower.lastError, 'cannot write to the index: failed before it took effect')
  assert.equal(follower.cursor, 0)
  goOn()
  await follower.idle()
  assert.equal(follower.lastError, undefined)
  await follower.stop()
})

test('pauses double up to the limit', async () => {
  const journal = new MemoryJournal()
  const store = new MemoryStore()
  store.faults.push(...Array.from({ length: 12 }, (): Fault => ({ kind: 'fails after', turns: 0 })))
  journal.append(...eventsOf(1))
  const pauses: number[] = []
  const noting = async (ms: number): Promise<void> => void pauses.push(ms)
  const follower = startFollower({ journal, store, log: quiet, sleep: noting })
  await follower.idle()
  await follower.stop()
  assert.deepEqual(pauses.slice(0, 4), [100, 200, 400, 800])
  assert.equal(pauses.at(-1), limits.indexRetryDelayMsMax)
})

test('who waits for a follower that stops is told so', async () => {
  const journal = new MemoryJournal()
  const store = new MemoryStore()
  store.faults.push({ kind: 'fails before', turns: 0 })
  journal.append(...eventsOf(1))
  const follower = startFollower({ journal, store, log: quiet })
  const idle = assert.rejects(follower.idle(), /follower has stopped/)
  await follower.stop()
  await idle
  await assert.rejects(follower.idle(), /follower has stopped/)
})

function eventsOf(count: number): Event[] {
  const run = runOfEvents(Date.UTC(2026, 10, 5))
  return Array.from({ length: count }, () => run.next('run.heartbeat'))
}

/** Up to where the store has every event of the journal. */
function claimed(store: MemoryStore): number {
  const indexes = new Set(store.ids.values())
  let end = 0
  while (indexes.has(end)) end++
  return end
}
