import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Query } from '../../server/ask/query/ast.ts'
import { matches } from '../../server/ask/query/evaluate.ts'
import { parseQuery } from '../../server/ask/query/parse.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import type { IndexedEvent, Store } from '../../server/index/store.ts'
import { limits } from '../../server/limits.ts'
import { openStore } from '../elasticsearch/stores.ts'
import { batchOf, JOURNAL_ID } from '../index/fixtures.ts'
import { whyNoElasticsearch } from '../support/elasticsearch.ts'
import { corpus, dayOf } from './events.ts'
import { print } from './print.ts'
import { queries } from './queries.ts'

/** Queries in all, each asked of a corpus of some 35 events. CONFORMANCE_CASES=20000 is a long run. */
const CASES = Number(process.env.CONFORMANCE_CASES ?? 300)
const QUERIES_PER_CORPUS = 50
const SEED = Number(process.env.CONFORMANCE_SEED ?? Math.floor(Math.random() * 2 ** 31))

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

test('SQLite finds what the plain evaluation finds, for any query and events', async (t) => {
  await compare(await sqliteStore(t))
})

test('Elasticsearch finds what the plain evaluation finds, for any query and events', {
  skip: whyNoElasticsearch() ?? false
}, async (t) => {
  await compare(await openStore(t))
})

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

async function sqliteStore(t: TestContext): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'playtrail-query-'))
  const store = await openSqliteStore({
    path: join(folder, 'index.sqlite'),
    journalId: JOURNAL_ID,
    journalEnd: 100_000_000,
    log: { warn: () => undefined }
  })
  t.after(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  return store
}
