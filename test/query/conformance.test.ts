import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseQuery } from '../../server/ask/query/parse.ts'
import { limits } from '../../server/limits.ts'
import { SEED, testConformance } from './conformance.ts'
import { dayOf } from './events.ts'
import { print } from './print.ts'
import { queries } from './queries.ts'
import { sqliteStore } from './sqlite-store.ts'

testConformance(sqliteStore)

test('a query that is written out and read again is the same', () => {
  const day = dayOf(0)
  fc.assert(
    fc.property(queries(day), (query) => {
      const text = print(query)
      fc.pre(text.length <= limits.queryCharactersMax)
      assert.deepEqual(parseQuery(text, day.fromMs), query, text)
    }),
    { numRuns: 1000, seed: SEED }
  )
})
