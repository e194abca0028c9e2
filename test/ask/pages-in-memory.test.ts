import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isBehind, pageAfter } from '../../server/ask/keyset.ts'
import type { Position } from '../../server/index/store.ts'

type Item = readonly [number, string]
const inOrder = (items: Item[]): Item[] =>
  items.toSorted((one, other) => (isBehind(one, other) ? 1 : isBehind(other, one) ? -1 : 0))
const items = fc.uniqueArray(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.string({ maxLength: 2 })), {
  selector: ([number, text]) => JSON.stringify([number, text])
})

test('pages of a list in memory joined are the whole list, whatever their size', () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 7 }), (given, limit) => {
      const list = inOrder(given)
      const joined: Item[] = []
      let after: Position | undefined
      do {
        const page = pageAfter(list, (item) => item, { after, limit })
        assert.ok(page.items.length <= limit)
        joined.push(...page.items)
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(joined, list)
    })
  )
})

test('a page begins behind its cursor, whether or not the list still has that item', () => {
  fc.assert(
    fc.property(
      items,
      fc.integer({ min: -9, max: 9 }),
      fc.string({ maxLength: 2 }),
      (given, number, text) => {
        const list = inOrder(given)
        const after = [number, text]
        const page = pageAfter(list, (item) => item, { after, limit: list.length + 1 })
        assert.deepEqual(
          page.items,
          list.filter((item) => isBehind(item, after))
        )
      }
    )
  )
})

test('a page late in a long list looks at few of the items before it', () => {
  const list = Array.from({ length: 100_000 }, (_, at): Item => [at, ''])
  let looks = 0
  const positionOf = (item: Item): Position => {
    looks++
    return item
  }
  const page = pageAfter(list, positionOf, { after: [99_000, ''], limit: 50 })
  assert.deepEqual(page.items, list.slice(99_001, 99_051))
  assert.ok(looks < 100, `${looks} positions were looked at`)
})
