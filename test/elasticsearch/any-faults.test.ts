import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Event } from '../../server/event-types.ts'
import { STATE_INDEX } from '../../server/index/elasticsearch/names.ts'
import { JOURNAL_ID } from '../index/fixtures.ts'
import { MemoryJournal } from '../index/memory.ts'
import { type ElasticsearchDouble, type RequestFault, startDouble } from '../support/elasticsearch-double.ts'
import { newNamespace } from './stores.ts'
import { assertIndexed, eventsOfRuns, startServer, until } from './trail.ts'

const CASES = 25
const CASE_MS_MAX = 20_000

const fault: fc.Arbitrary<RequestFault> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('answers' as const), status: fc.constantFrom(401, 429, 500, 502, 503) }),
  fc.record({ kind: fc.constantFrom('drops before' as const, 'drops after' as const) }),
  fc.record({
    kind: fc.constant('items' as const),
    status: fc.constantFrom(403, 404, 408, 429, 503),
    items: fc.array(fc.nat(50), { minLength: 1, maxLength: 6 })
  }),
  fc.record({
    kind: fc.constantFrom('lacks items' as const, 'rolls over' as const, 'rolls over, drops after' as const)
  })
)

/** A life of the server: how many requests it sends before it is cut off, and what happens to them. */
const life = fc.record({
  requests: fc.integer({ min: 1, max: 8 }),
  faults: fc.array(fault, { maxLength: 12 }),
  rollsOverBehind: fc.boolean()
})

// Whatever the server answers or fails to, wherever ours ends and whenever the stream rolls over: the index ends
// with each event once, runs that are told right, and a cursor that never claimed an event that was not there.
test('no event is lost or doubled, whatever Elasticsearch does', async (t) => {
  const double = await startDouble(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      async (lives, sizes) => {
        const namespace = newNamespace()
        const journal = new MemoryJournal(sizes)
        const events = eventsOfRuns(3, 15)
        const share = Math.ceil(events.length / lives.length)
        for (const [at, { requests, faults, rollsOverBehind }] of lives.entries()) {
          journal.append(...events.slice(at * share, (at + 1) * share))
          double.faults.splice(0, double.faults.length, ...faults)
          const before = double.bulkRequests
          const server = startServer(t, { url: double.url, journal, namespace, impatience: 0.002 })
          const isIdle = server.follower.idle().catch(() => undefined)
          if (at < lives.length - 1) {
            await Promise.race([isIdle, until(() => double.bulkRequests >= before + requests)])
          } else await isIdle
          await server.stop()
          assertCursor(double, namespace, events)
          assert.deepEqual(server.refused, [])
          if (rollsOverBehind) double.rollOver()
        }
        await assertIndexed(double, namespace, events)
      }
    ),
    { numRuns: CASES, timeout: CASE_MS_MAX }
  )
})

function assertCursor(double: ElasticsearchDouble, namespace: string, events: readonly Event[]): void {
  const state = new Map(double.documents(STATE_INDEX)).get(`cursor:${namespace}:1:${JOURNAL_ID}`)
  const { cursor } = (state as { cursor?: { cursor: number } } | undefined)?.cursor ?? { cursor: 0 }
  const there = new Set(double.documents(`logs-playtrail.events-${namespace}`).map(([id]) => id))
  const claimed = events.slice(0, cursor).filter(({ event }) => !there.has(event.id))
  assert.deepEqual(claimed, [], `the cursor stands at ${cursor}`)
}
