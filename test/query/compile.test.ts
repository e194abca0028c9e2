import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileQuery, termsOf } from '../../server/ask/query/compile.ts'
import { type Document, matches } from '../../server/ask/query/evaluate.ts'
import { parseQuery } from '../../server/ask/query/parse.ts'
import { TakenText, TakenTexts } from '../../server/ask/query/taken-text.ts'
import { compileTextSearch, textFits } from '../../server/ask/query/text-search.ts'
import { SEED } from './conformance.ts'
import { corpus, dayOf } from './events.ts'
import { print } from './print.ts'
import { queries } from './queries.ts'

test('a compiled query matches what the plain evaluation matches, for any query and events', () => {
  const day = dayOf(0)
  let found = 0
  fc.assert(
    fc.property(corpus(0), fc.array(queries(day), { minLength: 20, maxLength: 20 }), (events, asked) => {
      const compiled = asked.map((query) => compileQuery(query))
      for (const event of events) {
        const texts = new TakenTexts()
        for (const [at, query] of asked.entries()) {
          const expected = matches(query, event as Document)
          if (expected) found++
          assert.equal(compiled[at]?.(event as Document, texts), expected, print(query))
        }
      }
    }),
    { numRuns: 20, seed: SEED }
  )
  assert.ok(found > 0)
})

test('a phrase is found in a text that was taken apart wherever it stands', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'K', 'İ', 'é'), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(words, words, (text, phrase) => {
      const search = { type: 'words' as const, words: phrase.map((word) => word.toLowerCase()) }
      const expected = textFits(text.join(' '), search)
      assert.equal(compileTextSearch(search).fitsTaken(new TakenText(text.join(' '))), expected)
    }),
    { seed: SEED }
  )
})

test('a text is taken apart once, however many queries are asked', () => {
  const texts = new TakenTexts()
  const text = 'Install nginx on web-07'
  assert.equal(texts.of(text), texts.of(text))
  assert.equal(texts.of(text).words, texts.of(text).words)
  assert.equal(texts.of(text).places, texts.of(text).places)
})

test('a phrase costs as much as its words', () => {
  assert.equal(termsOf(parseQuery('"one two three" OR NOT (host:a AND task:be*)', 0)), 5)
})
