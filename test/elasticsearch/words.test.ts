import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wordsOf } from '../../server/ask/query/words.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { clientOf } from './stores.ts'

const TEXTS_AT_ONCE = 200

/** Characters of each class that words.ts knows, but for emoji of several characters, and marks on nothing. */
const alphabets = [
  `abcXYZ019__..,;:''"-/ \n()=#@!*`,
  `aéßÄΣσςİıK1._'’- ñЖжعربي\u0301`,
  '日本語々テキストーひらが한국어ｱｲ１２ａ_a1. 。・',
  'aสวล1 _.',
  `a1 ©½²①Ⅷⓐ∑€$+<>|~^\`&%→«»“”„‚…–—·•§¶†°µªº№™`,
  'a1_.\u200b\u00ad\ufeff\u202f\u00a0\u2060 '
]

const texts = fc.oneof(
  ...alphabets.map((alphabet) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 30 })),
  fc.string({ unit: fc.constantFrom(...'abc1_.,:'), minLength: 250, maxLength: 800 })
)

test('words are those of the analyzer standard', { skip: whyNoElasticsearch() ?? false }, async (t) => {
  const client = await clientOf(t)
  const all = fc.sample(texts, 3_000)
  for (let first = 0; first < all.length; first += TEXTS_AT_ONCE) {
    const text = all.slice(first, first + TEXTS_AT_ONCE)
    const { tokens = [] } = await client.indices.analyze({ analyzer: 'standard', text })
    const found: string[][] = text.map(() => [])
    // The texts' offsets are counted on, with one between two of them.
    let [at, end] = [0, text[0]?.length ?? 0]
    for (const { token, start_offset: start } of tokens) {
      while (start > end) end += 1 + (text[++at]?.length ?? 0)
      found[at]?.push(token)
    }
    for (const [index, each] of text.entries())
      assert.deepEqual(wordsOf(each), found[index], JSON.stringify(each))
  }
})
