import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDrops } from '../../server/completeness/drops.ts'
import { runId } from '../index/fixtures.ts'
import { PERIOD, START } from './examined.ts'

test('no more ranges of drops are kept than the limit, whose numbers all count; of other times nothing is', () => {
  const drops = openDrops(PERIOD, 3)
  const [one, other, old] = [runId(START), runId(START, 1), runId(PERIOD.fromMs - 1)]
  const spool = (...sequences: string[]) => ({ events: 1, sequences })
  drops.add(old, spool('0-0', '2-2', '4-4', '6-6'))
  drops.add(one, spool('1-1', '4-4'))
  drops.add(one, spool('2-3'))
  drops.add(other, spool('1-1', '3-3'))
  assert.equal(drops.isCut(), false)
  assert.deepEqual(drops.of(one), { events: 4, ranges: [{ first: 1, last: 4 }] })
  assert.deepEqual(drops.of(old), { events: 0, ranges: [] })
  drops.add(one, spool('7-8'))
  assert.equal(drops.isCut(), true)
  assert.deepEqual(drops.of(one), { events: 6, ranges: [{ first: 1, last: 4 }] })
})
