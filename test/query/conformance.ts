import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Query } from '../../server/ask/query/ast.ts'
import { matches } from '../../server/ask/query/evaluate.ts'
import type { IndexedEvent, Store } from '../../server/index/store.ts'
import { batchOf } from '../index/fixtures.ts'
import { corpus, dayOf } from './events.ts'
import { print } from './print.ts'
import { queries } from './queries.ts'

/** Queries in all, each asked of a corpus of some 35 events. CONFORMANCE_CASES=20000 is a long run. */
const CASES = Number(process.env.CONFORMANCE_CASES ?? 300)
const QUERIES_PER_CORPUS = 50
export const SEED = Number(process.env.CONFORMANCE_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** The store finds what the plain evaluation finds. A case that fails prints its seed, to be given as CONFORMANCE_SEED. */
export function testConformance(open: (t: TestContext) => Promise<Store>): void {
  test('the store finds what the plain evaluation finds, for any query and events', async (t) => {
    await compare(await open(t))
  })
}

/**
 * Many corpora lie in one store, told apart by their day. What matches is decided for each event by itself, so that the
 * smallest corpus that shows a difference is one event; it is named with the smallest query.
 */
async function compare(store: Store): Promise<void> {
  let written = 0
  let found = 0
  for (let day = 0; day * QUERIES_PER_CORPUS < CASES; day++) {
    const [events = []] = fc.sample(corpus(day), { numRuns: 1, seed: SEED + day })
    const refused = await store.write(batchOf(events, written))
    assert.deepEqual(refused, [])
    written += events.length
    // From here on the words of the events may become known to a full-text index, sooner or later.
    await store.moveCursor(written)
    const page = { ...dayOf(day), order: 'asc', limit: 1000 } as const
    const { items: documents } = await store.events(page)
    assert.equal(documents.length, events.length)
    await fc.assert(
      fc.asyncProperty(queries(dayOf(day)), async (query) => {
        const { items } = await store.events({ ...page, matching: query })
        found += items.length
        checkSame(query, documents, new Set(items.map((item) => item.event.id)))
      }),
      { numRuns: Math.min(QUERIES_PER_CORPUS, CASES), seed: SEED + day }
    )
  }
  assert.ok(found > CASES, `${CASES} queries found ${found} events: too few to tell them apart`)
}

function checkSame(query: Query, documents: readonly IndexedEvent[], found: ReadonlySet<string>): void {
  const different = documents.find((document) => matches(query, document) !== found.has(document.event.id))
  if (different === undefined) return
  const verdict = found.has(different.event.id)
    ? 'is found, and should not be'
    : 'should be found, and is not'
  assert.fail(
    `CONFORMANCE_SEED=${SEED}\nthe query\n  ${print(query)}\n  ${JSON.stringify(query)}\nand the event\n  ${JSON.stringify(different)}\nwhich ${verdict}`
  )
}
