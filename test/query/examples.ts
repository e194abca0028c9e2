import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Store } from '../../server/index/store.ts'
import { batchOf } from '../index/fixtures.ts'
import { exampleEvents, NOW } from './example-events.ts'

const page = readFileSync(new URL('../../docs/query.md', import.meta.url), 'utf8')
const ROW = /^\| `(?<query>(?:[^`\\]|\\.)+)` \| (?<answer>[^|]*)\|/gm

/** Rows of the tables whose first column is called `query` and whose second one as given. */
function rows(second: string): { query: string; answer: string }[] {
  const tables = page.split(/\n(?=\| query )/).slice(1)
  return tables
    .filter((table) => table.split('\n', 1)[0]?.includes(` | ${second} |`))
    .flatMap((table) => [...(table.split('\n\n')[0] ?? '').replaceAll('\\|', '\u0001').matchAll(ROW)])
    .map(({ groups }) => ({
      query: groups?.query?.replaceAll('\u0001', '|') ?? '',
      answer: groups?.answer?.trim() ?? ''
    }))
}

/** Queries of docs/query.md, and the letters of the events that they find. */
export const examples = rows('finds')
/** Queries that are refused, and a part of the answer. */
export const refusals = rows('answer')
/** Queries of runs, and whose run they find. */
const runExamples = rows('finds the run of')

/** Every example of docs/query.md finds in the store what is written there. */
export function testExamples(open: (t: TestContext) => Promise<Store>): void {
  test('every example of docs/query.md finds what is written beside it', async (t) => {
    const store = await open(t)
    const events = exampleEvents()
    assert.deepEqual(await store.write(batchOf([...events.values()])), [])
    const letters = new Map([...events].map(([letter, event]) => [event.event.id, letter]))
    for (const { query, answer } of examples) {
      const { items } = await store.events({ matching: parseQuery(query, NOW), order: 'asc', limit: 10 })
      const found = items.map((item) => letters.get(item.event.id) ?? '').sort()
      assert.equal(found.join(' '), answer, query)
    }
    assert.ok(runExamples.length > 4)
    for (const { query, answer } of runExamples) {
      const { items } = await store.runs({ matching: parseQuery(query, NOW, 'runs'), limit: 10 })
      assert.equal(items.map(({ user }) => user?.name).join(' '), answer, query)
    }
  })
}
