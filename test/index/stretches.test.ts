import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOf } from '../../server/index/columns.ts'
import { trailOf } from '../../server/index/elasticsearch/read-trails.ts'
import { addChanges, emptyFold, placeOf, type RunChange } from '../../server/index/elasticsearch/run-fold.ts'
import { lateStretches, sizeOfStretches } from '../../server/index/elasticsearch/stretches.ts'
import { limits } from '../../server/limits.ts'
import { runOfEvents } from './fixtures.ts'

/** What the events of a run say of it, the first of them at the first record, and so on. */
function changes(records: readonly number[]): RunChange[] {
  const run = runOfEvents(Date.UTC(2026, 10, 5, 9, 30))
  return records.map((record) => {
    const event = run.next('run.heartbeat')
    const columns = columnsOf({ payload: Buffer.from(JSON.stringify(event)) })
    assert.ok(typeof columns !== 'string')
    const about = { runId: run.id, eventId: event.event.id, log: 'log', place: placeOf(1, 'log', record) }
    return { ...about, received: 1, columns, event: undefined }
  })
}

function foldOf(records: readonly number[]) {
  const all = changes(records)
  const fold = emptyFold(all[0]?.runId ?? '')
  addChanges(fold, all)
  return fold
}

test('events in order are one stretch, whatever records of other runs lie between them', () => {
  const fold = foldOf([3, 4, 9, 12])
  assert.deepEqual(fold.stretches, { ':': { log: [[0, 3, 3, 12]] } })
  assert.deepEqual(trailOf(fold)?.counts.run.late.ranges, [])
})

test('a whole stretch that came late is told by its ends, a part of one only by its events', () => {
  const late = foldOf([5, 6, 1, 2])
  assert.deepEqual(lateStretches(late.stretches ?? {}, ':'), [[0, 1]])
  assert.deepEqual(trailOf(late)?.counts.run.late.ranges, [{ first: 0, last: 1 }])
  const partly = foldOf([1, 6, 3, 4])
  assert.equal(lateStretches(partly.stretches ?? {}, ':'), undefined)
  assert.equal(trailOf(partly), undefined)
})

test('a document with too many stretches, or that an older Playtrail wrote to, does not tell where its events stand', () => {
  const count = limits.runStretchesMax
  const descending = (length: number) => Array.from({ length }, (_, at) => 2 * length - at)
  assert.equal(sizeOfStretches(foldOf(descending(count)).stretches ?? {}, ':'), count)
  const many = foldOf(descending(count + 1))
  assert.equal(many.stretches, null)
  assert.equal(trailOf(many), undefined)
  assert.deepEqual(many.counted, { ':': [[0, count]] })

  const [first, second] = changes([1, 2])
  assert.ok(first && second)
  const { stretches: _none, ...older } = emptyFold(first.runId)
  addChanges(older, [first])
  assert.equal(trailOf(older), undefined)
  // As where an older one went on with it.
  const mixed = foldOf([1])
  mixed.counted = { ':': [[0, 1]] }
  assert.equal(trailOf(mixed), undefined)
})
