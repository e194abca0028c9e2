import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Placed, Trail } from '../../server/completeness/numbers.ts'
import { numbersOf } from '../../server/completeness/places.ts'
import { openReport } from '../../server/completeness/report.ts'
import { columnsOf } from '../../server/index/columns.ts'
import { trailOf } from '../../server/index/elasticsearch/read-trails.ts'
import {
  addChanges,
  emptyFold,
  placeOf,
  type RunChange,
  type RunFold,
  runOf
} from '../../server/index/elasticsearch/run-fold.ts'
import { scopedId } from '../../server/journal/known-ids.ts'
import { silentEvent } from '../../server/silence/event.ts'
import { type Arrival, type History, plans, play, told } from './histories.ts'

const START = Date.UTC(2026, 10, 5, 9, 30)
const CLOCK = { nowMs: START, silentAfterMs: 0 }
const RUNS = 1_000

test('whatever is dropped, doubled, cut, given up or out of order is told exactly, in 1,000 histories', () => {
  let flaws = 0
  fc.assert(
    fc.property(plans('faulty'), fc.infiniteStream(fc.nat(1_000)), (plan, draws) => {
      const history = play(plan, START)
      flaws += history.expected.length
      const silent = new Set(history.runIds.filter((_, at) => plan.runs[at]?.end === 'silent'))
      assert.deepEqual(found(history, silent, draws), history.expected)
    }),
    { numRuns: RUNS }
  )
  assert.ok(flaws > RUNS)
})

test('clean histories have no flaws: retries, interleaved runs, runs that go on, and several servers', () => {
  fc.assert(
    fc.property(plans('clean'), fc.infiniteStream(fc.nat(1_000)), (plan, draws) => {
      const history = play(plan, START)
      assert.deepEqual(history.expected, [])
      assert.deepEqual(found(history, new Set(), draws), [])
    }),
    { numRuns: RUNS }
  )
})

/**
 * What is found of a history that was recorded as a journal does, or several of them, and indexed in any order. Each run is
 * told by its events and by its document, which have to say the same.
 */
function found(history: History, silent: ReadonlySet<string>, draws: Iterator<number>): string[] {
  const report = openReport(CLOCK)
  const { recorded, doubled } = journalsOf(history.arrivals)
  for (const runId of history.runIds) {
    const changes = recorded.filter((change) => change.runId === runId)
    if (changes.length === 0) continue
    const fold = emptyFold(runId)
    const shuffled = changes
      .map((change): [number, RunChange] => [draws.next().value ?? 0, change])
      .sort(([one], [other]) => one - other)
      .map(([, change]) => change)
    // Slices come late, twice, and in any order.
    while (shuffled.length > 0) {
      const slice = shuffled.splice(0, 1 + ((draws.next().value ?? 0) % 9))
      addChanges(fold, slice)
      if ((draws.next().value ?? 0) % 4 === 0) addChanges(fold, slice)
    }
    const trail = trailByEvents(fold, changes)
    const byDocument = trailOf(JSON.parse(JSON.stringify(fold)))
    if (byDocument !== undefined) assert.deepEqual(byDocument, trail)
    const run = silent.has(runId) ? closed(fold) : runOf(fold)
    const drops = changes.flatMap(({ event }) => event?.spool ?? [])
    report.addRun(run, trail, {
      dropped: {
        events: drops.reduce((sum, { events }) => sum + events, 0),
        ranges: drops
          .flatMap(({ sequences = [] }) => sequences)
          .map((text) => text.split('-').map(Number))
          .map(([first = 0, last = 0]) => ({ first, last }))
      },
      doubled: doubled
        .filter((id) => id.startsWith(runId))
        .map((id) => ({ count: 'run', number: scopedId(id).sequence }))
    })
  }
  return told(report.findings().flaws)
}

/** As the server closes it. */
function closed(fold: RunFold): ReturnType<typeof runOf> {
  const { '@timestamp': _time, ...end } = silentEvent(runOf(fold), START)
  return { ...runOf(fold), run: { ...runOf(fold).run, ...end.run, status: 'aborted' } }
}

/** What is on disk: each id once, whatever comes under it later, and whichever journal had it first. */
function journalsOf(arrivals: readonly Arrival[]): { recorded: RunChange[]; doubled: string[] } {
  const kept = new Map<string, string>()
  const ends: number[] = []
  const recorded: RunChange[] = []
  const doubled: string[] = []
  for (const [at, { event, log }] of arrivals.entries()) {
    const { id } = event.event
    const bytes = JSON.stringify(event)
    if (kept.has(id)) {
      if (kept.get(id) !== bytes) doubled.push(id)
      continue
    }
    kept.set(id, bytes)
    const columns = columnsOf({ payload: Buffer.from(bytes) })
    assert.ok(typeof columns !== 'string', String(columns))
    const record = ends[log] ?? 0
    ends[log] = record + 1
    // The clocks of two servers are not the same.
    const received = (START + at - 5_000 * log) * 1_000
    const place = placeOf(received, `log-${log}`, record)
    const runId = event.run?.id ?? ''
    recorded.push({ runId, eventId: id, log: `log-${log}`, place, received, columns, event })
  }
  return { recorded, doubled }
}

function trailByEvents({ state }: RunFold, changes: readonly RunChange[]): Trail {
  const numbers = (letter: string) =>
    numbersOf(
      changes.flatMap(({ runId, eventId, log, place }): Placed[] => {
        const { scope, sequence } = scopedId(eventId)
        return scope === `${runId}:${letter}` ? [[sequence, Number(place.split(' ')[2]), log]] : []
      })
    )
  const counts = { run: numbers(''), shipper: numbers('s'), server: numbers('v') }
  return { runId: state.id, isStarted: state.started !== null, counts }
}
