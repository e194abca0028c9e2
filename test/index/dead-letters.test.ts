import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { Fatal } from '../../server/errors.ts'
import { type DeadLetters, openDeadLetters } from '../../server/index/dead-letters.ts'
import { startFollower } from '../../server/index/follower.ts'
import { type RetryLettersOptions, retryLetters } from '../../server/index/retry-letters.ts'
import type { Refused } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { onEnd } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { runOfEvents } from './fixtures.ts'
import { type Fault, MemoryJournal, MemoryStore } from './memory.ts'

const NOW = new Date('2026-11-05T12:00:00Z')
const quiet = { error: () => undefined, warn: () => undefined }
const sleep = async (): Promise<void> => turn()

function lettersIn(t: TestContext, path = join(temporaryFolder(t), 'dead-letters.sqlite')): DeadLetters {
  const letters = openDeadLetters(path)
  onEnd(t, () => letters.close())
  return letters
}

function refusedOf(index: number, reason = 'no'): Refused {
  return { index, eventId: `r:${index}`, reason }
}

test('a letter that is added again has the new reason, store and time, and knows the first time', (t) => {
  const path = join(temporaryFolder(t), 'dead-letters.sqlite')
  const letters = lettersIn(t, path)
  letters.add([refusedOf(7, 'host.name is a long'), refusedOf(3)], 'sqlite', NOW)
  const later = new Date(NOW.getTime() + 1_000)
  letters.add(
    [refusedOf(7, 'x'.repeat(limits.deadLetterReasonCharactersMax + 1))],
    'elasticsearch at a:9200',
    later
  )
  // Another process sees it at once.
  const other = lettersIn(t, path)
  assert.deepEqual(other.get(7), {
    record: 7,
    event_id: 'r:7',
    reason: 'x'.repeat(limits.deadLetterReasonCharactersMax),
    store: 'elasticsearch at a:9200',
    first_refused: NOW.toISOString(),
    last_refused: later.toISOString(),
    times: 2
  })
  assert.deepEqual([other.count, other.remove(7), other.remove(7), letters.count], [2, true, false, 1])
})

test('they are listed by record, in portions that go on where the last one ended', (t) => {
  const letters = lettersIn(t)
  letters.add(
    [9, 2, 5, 0, 4].map((index) => refusedOf(index)),
    'sqlite',
    NOW
  )
  const recordsBehind = (after: number): number[] => letters.list(after, 2).map(({ record }) => record)
  assert.deepEqual([-1, 2, 5, 9].map(recordsBehind), [[0, 2], [4, 5], [9], []])
})

test('a damaged file, and one of a newer format, are refused with what to do', (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'damaged'), 'no database, but long enough to be looked at as one'.repeat(20))
  const isFatal = (pattern: RegExp) => (error: unknown) =>
    error instanceof Fatal && pattern.test(error.message)
  assert.throws(() => openDeadLetters(join(folder, 'damaged')), isFatal(/move it away/))
  const newer = new Database(join(folder, 'newer'))
  newer.pragma('user_version = 2')
  newer.close()
  assert.throws(() => openDeadLetters(join(folder, 'newer')), isFatal(/format 2, this Playtrail knows 1/))
})

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('none', 'fails before', 'fails after'),
  turns: fc.nat(3)
})
const faults = fc.array(fault, { maxLength: 12 })

// Whatever fails, before or after it took effect, and wherever the process ends: each event that the store
// refuses is noted once, and never later than the cursor passes it.
test('each refused event is noted before the cursor passes it, and once', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      ...([faults, faults, faults, fc.array(fc.nat(30), { maxLength: 4 })] as const),
      async (writeFaults, cursorFaults, noteFaults, stops) => {
        const letters = lettersIn(t)
        const journal = new MemoryJournal([1, 4, 2])
        const store = new MemoryStore()
        store.faults.push(...writeFaults)
        store.cursorFaults.push(...cursorFaults)
        const { events, bad } = mixedEvents(30)
        journal.append(...events)
        const onRefused = async (refused: readonly Refused[]): Promise<void> => {
          const planned = noteFaults.shift() ?? { kind: 'none', turns: 0 }
          for (let turned = 0; turned < planned.turns; turned++) await turn()
          if (planned.kind === 'fails before') throw new Error('the disk is full')
          letters.add(refused, 'memory', NOW)
          if (planned.kind === 'fails after') throw new Error('noted, then failed')
        }
        const follow = () => startFollower({ journal, store, log: quiet, sleep, onRefused })
        for (const turns of stops) {
          const follower = follow()
          for (let turned = 0; turned < turns; turned++) await turn()
          await follower.stop()
          const cursor = await store.cursor()
          const noted = new Set(letters.list(-1, 100).map(({ record }) => record))
          for (const record of bad) assert.ok(record >= cursor || noted.has(record), `record ${record}`)
        }
        const follower = follow()
        await follower.idle()
        await follower.stop()
        assert.deepEqual(
          letters.list(-1, 100).map(({ record }) => record),
          bad
        )
      }
    ),
    { numRuns: 60 }
  )
})

test('retry takes those off the list that the store takes, and keeps the others with the new reason', async (t) => {
  const letters = lettersIn(t)
  const journal = new MemoryJournal([3])
  const store = new MemoryStore()
  const { events, bad } = mixedEvents(12)
  journal.append(...events)
  // Every event was refused once, by another store.
  letters.add(
    events.map((event, index) => ({ ...refusedOf(index, 'before'), eventId: idOf(event) })),
    'other',
    NOW
  )
  const outcomes = await retryAll({ letters, journal, store })
  assert.deepEqual(outcomes.refused, bad)
  assert.equal(outcomes.taken.length, events.length - bad.length)
  assert.deepEqual([...store.ids.values()].sort(ascending), outcomes.taken)
  assert.deepEqual(
    letters.list(-1, 100).map(({ record, reason, store: by, times }) => [record, reason, by, times]),
    bad.map((record) => [record, 'not an object', 'memory', 2])
  )
})

test('retry that fails before or after the store took an event loses and doubles nothing, and goes on next time', async (t) => {
  await fc.assert(
    fc.asyncProperty(faults, async (writeFaults) => {
      const letters = lettersIn(t)
      const journal = new MemoryJournal([2])
      const store = new MemoryStore()
      store.faults.push(...writeFaults)
      const events = mixedEvents(10).events.filter((event) => typeof event !== 'string')
      journal.append(...events)
      letters.add(
        events.map((event, index) => ({ ...refusedOf(index), eventId: idOf(event) })),
        'memory',
        NOW
      )
      const retriesMax = writeFaults.length + 1
      for (let retries = 0; letters.count > 0; retries++) {
        assert.ok(retries < retriesMax, 'each fault fails one retry at most')
        await retryAll({ letters, journal, store }).catch(() => undefined)
        // What left the list is in the store.
        const left = new Set(letters.list(-1, 100).map(({ record }) => record))
        for (const record of events.keys())
          assert.ok(left.has(record) || [...store.ids.values()].includes(record))
      }
      assert.equal(store.ids.size, events.length)
    }),
    { numRuns: 60 }
  )
})

test('a letter of another journal is told, and its event is not sent', async (t) => {
  const letters = lettersIn(t)
  const journal = new MemoryJournal()
  const store = new MemoryStore()
  journal.append(...mixedEvents(2).events)
  letters.add([refusedOf(0), refusedOf(8)], 'memory', NOW)
  await assert.rejects(
    retryAll({ letters, journal, store, records: [0] }),
    /expected event r:0 .* has .* there/
  )
  await assert.rejects(retryAll({ letters, journal, store, records: [8] }), /journal ends before record 2/)
  assert.deepEqual([store.ids.size, letters.count], [0, 2])
})

test('a store that does not answer ends the retry, and the letters stay', async (t) => {
  const letters = lettersIn(t)
  const journal = new MemoryJournal()
  const [event] = mixedEvents(1).events
  assert.ok(event)
  journal.append(event)
  letters.add([{ ...refusedOf(0), eventId: idOf(event) }], 'memory', NOW)
  const store: RetryLettersOptions['store'] = {
    write: (_, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  await assert.rejects(retryAll({ letters, journal, store, waitMsMax: 1 }), { name: 'TimeoutError' })
  assert.equal(letters.count, 1)
})

type Mixed = ReturnType<typeof mixedEvents>['events'][number]

/** Events of which every third is none, and their places. */
function mixedEvents(count: number) {
  const run = runOfEvents(Date.UTC(2026, 10, 5))
  const events = Array.from({ length: count }, (_, index) =>
    index % 3 === 1 ? `no object ${index}` : run.next('run.heartbeat')
  )
  return { events, bad: [...events.keys()].filter((index) => index % 3 === 1) }
}

function idOf(event: Mixed): string {
  return typeof event === 'string' ? `no-event-${event.length}` : event.event.id
}

async function retryAll(
  options: Pick<RetryLettersOptions, 'letters' | 'journal' | 'store' | 'records' | 'waitMsMax'>
): Promise<{ taken: number[]; refused: number[] }> {
  const outcomes = { taken: [] as number[], refused: [] as number[] }
  await retryLetters({
    ...options,
    storeName: 'memory',
    now: () => NOW,
    onOutcome: async ({ record }, refused) =>
      void (refused === undefined ? outcomes.taken : outcomes.refused).push(record)
  })
  return { taken: outcomes.taken.sort(ascending), refused: outcomes.refused.sort(ascending) }
}

function ascending(one: number, other: number): number {
  return one - other
}
