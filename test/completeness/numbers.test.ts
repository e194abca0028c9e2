import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { setOf } from '../../server/completeness/flaws.ts'
import type { Placed } from '../../server/completeness/numbers.ts'
import { numbersOf } from '../../server/completeness/places.ts'
import { sizeOf } from '../../server/completeness/ranges.ts'
import { limits } from '../../server/limits.ts'

const placed = fc
  .uniqueArray(fc.oneof(fc.nat(30), fc.nat(1_000_000_000_000)), { maxLength: 40 })
  .chain((numbers) =>
    fc.tuple(
      fc.constant(numbers),
      fc.shuffledSubarray(
        numbers.map((_, at) => at),
        { minLength: numbers.length }
      )
    )
  )
  .map(([numbers, records]): Placed[] => numbers.map((number, at) => [number, records[at] ?? 0]))

test('numbers are told the same whether or not their journal is named, in any order, and however far apart they are', () => {
  fc.assert(
    fc.property(placed, (all) => {
      const named = all.map(([number, record]): Placed => [number, record, 'a journal'])
      assert.deepEqual(numbersOf(all), numbersOf(named))
      assert.deepEqual(numbersOf([...all, ...all].reverse()), numbersOf(named))
      const { events, last, missing, late } = numbersOf(all)
      assert.equal(events, all.length)
      assert.equal(missing.numbers, last + 1 - events)
      const isLate = ([number, record]: Placed) => all.some(([other, at]) => other > number && at < record)
      assert.equal(late.numbers, all.filter(isLate).length)
    })
  )
})

test('of more ranges than are kept the rest is counted, and all numbers are', () => {
  const gaps = limits.completenessRangesMax + 5
  const { missing } = numbersOf(Array.from({ length: gaps + 1 }, (_, at): Placed => [2 * at, at]))
  assert.equal(missing.ranges.length, limits.completenessRangesMax)
  assert.deepEqual([missing.numbers, missing.rangesMore], [gaps, 5])
})

test('the numbers of ranges that overlap count once', () => {
  const set = setOf([
    { first: 4, last: 9 },
    { first: 0, last: 1 },
    { first: 2, last: 2 },
    { first: 5, last: 6 },
    { first: 8, last: 12 }
  ])
  assert.deepEqual(set.ranges, [
    { first: 0, last: 2 },
    { first: 4, last: 12 }
  ])
  assert.equal(set.numbers, sizeOf(set.ranges))
})
