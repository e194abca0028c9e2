import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { gapsIn, parseRange, rangesText, sizeOf } from '../../server/completeness/ranges.ts'

const COUNT_MAX = 30

test('the gaps are exactly the numbers below the count that are in no range', () => {
  const range = fc.tuple(fc.nat(40), fc.nat(5)).map(([first, length]) => ({ first, last: first + length }))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.nat(COUNT_MAX), (ranges, count) => {
      const isIn = (number: number) => ranges.some(({ first, last }) => first <= number && number <= last)
      const missing = Array.from({ length: count }, (_, number) => number).filter((number) => !isIn(number))
      const gaps = gapsIn(ranges, count)
      const told = gaps.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
      )
      assert.deepEqual(told, missing)
      assert.equal(sizeOf(gaps), missing.length)
    })
  )
})

test('a gap of any size takes no time', () => {
  assert.equal(sizeOf(gapsIn([{ first: 1, last: 1 }], Number.MAX_SAFE_INTEGER)), Number.MAX_SAFE_INTEGER - 1)
})

test('ranges are written as people write them, and not endlessly', () => {
  assert.equal(rangesText([]), '')
  assert.equal(
    rangesText([
      { first: 3, last: 3 },
      { first: 17, last: 19 }
    ]),
    '3, 17–19'
  )
  const many = Array.from({ length: 11 }, (_, at) => ({ first: 2 * at, last: 2 * at }))
  assert.match(rangesText(many), /^0, 2, .* 18, …$/)
  assert.doesNotMatch(rangesText(many.slice(1)), /…/)
})

test('a range of an event is two numbers', () => {
  assert.deepEqual(parseRange('12-40'), { first: 12, last: 40 })
  for (const text of ['', '12', '12-', '-40', '12–40', 'a-b', '1-2-3', '40-12'])
    assert.equal(parseRange(text), undefined)
})
