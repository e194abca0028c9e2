import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Placed, Trail } from '../../server/completeness/numbers.ts'
import { numbersOf } from '../../server/completeness/places.ts'
import { scopedId } from '../../server/journal/known-ids.ts'
import { batchOf, runOfEvents } from '../index/fixtures.ts'
import type { OpenStore } from '../index/store-contract.ts'
import { plans, play } from './histories.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const SLICE = 11

/** What every store has to tell of a run's numbers. */
export function testTrailsContract(open: OpenStore): void {
  test('a store tells which numbers of a run are there, and which came late, whatever the order of its writes', async (t) => {
    const store = await open(t)
    let startMs = START
    const plan = fc.tuple(plans('faulty'), fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }))
    for (const [drawn, draws] of fc.sample(plan, { numRuns: 12, seed: 11 })) {
      const { arrivals, runIds } = play({ ...drawn, logs: 1 }, startMs)
      const seen = new Set<string>()
      const events = arrivals.flatMap(({ event }) => {
        if (seen.has(event.event.id)) return []
        seen.add(event.event.id)
        return [event]
      })
      const first = startMs - START
      const slices = Array.from({ length: Math.ceil(events.length / SLICE) }, (_, at) => at * SLICE)
      const shuffled = [...slices, ...slices.slice(0, 3)]
        .map((at, turn): [number, number] => [draws[turn % draws.length] ?? 0, at])
        .sort(([one], [other]) => one - other)
      for (const [, at] of shuffled) await store.write(batchOf(events.slice(at, at + SLICE), first + at))
      const expected = runIds.flatMap((runId): Trail | [] => {
        const numbers = (letter: string) =>
          numbersOf(
            events.flatMap(({ event }, at): Placed[] => {
              const { scope, sequence } = scopedId(event.id)
              return scope === `${runId}:${letter}` ? [[sequence, first + at]] : []
            })
          )
        const own = events.filter(({ run }) => run?.id === runId)
        if (own.length === 0) return []
        const isStarted = own.some(({ event }) => event.action === 'run.started')
        return { runId, isStarted, counts: { run: numbers(''), shipper: numbers('s'), server: numbers('v') } }
      })
      const trails = await store.trails(runIds)
      assert.deepEqual(
        trails.toSorted((one, other) => (one.runId < other.runId ? -1 : 1)),
        expected
      )
      startMs += 10_000
    }
  })

  test('of a run that is not there nothing is told, and of no runs neither', async (t) => {
    const store = await open(t)
    const run = runOfEvents(START)
    assert.deepEqual(await store.trails([]), [])
    await store.write(batchOf([run.started()]))
    assert.deepEqual(await store.trails([runOfEvents(START, { which: 1 }).id]), [])
    assert.equal((await store.trails([run.id])).length, 1)
    await store.findable()
    assert.equal(await store.keptSinceMs(), undefined)
  })
}
