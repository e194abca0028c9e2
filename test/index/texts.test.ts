import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { parseQuery } from '../../server/ask/query/parse.ts'
import type { Event } from '../../server/event-types.ts'
import { openToWrite } from '../../server/index/sqlite/schema.ts'
import { openSqliteStore } from '../../server/index/sqlite/store.ts'
import { openTexts, textCandidates } from '../../server/index/sqlite/texts.ts'
import { openWriter } from '../../server/index/sqlite/writer.ts'
import type { Store } from '../../server/index/store.ts'
import { eventually } from '../support/eventually.ts'
import { batchOf, JOURNAL_ID, runOfEvents } from './fixtures.ts'

const NOW = Date.UTC(2026, 10, 5, 12)
const RARE = 'zebra-herd'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'playtrail-texts-'))
  t.after(() => rmSync(path, { recursive: true }))
  return join(path, 'index.sqlite')
}

/** A run whose every task says `ready`, and one of them `zebra-herd`. */
function events(count: number): Event[] {
  const run = runOfEvents(NOW)
  return Array.from({ length: count }, (_, at) => {
    const result = run.result('web-1', 'ok', `task-${at}`)
    const stdout = at === 7 ? `${RARE} is READY` : 'it is ready'
    return { ...result, ansible: { ...result.ansible, result: { status: 'ok', stdout } } }
  })
}

async function found(store: Store, text: string): Promise<string[]> {
  const page = await store.events({ matching: parseQuery(text, NOW), order: 'asc', limit: 1000 })
  return page.items.map(({ event }) => event.id)
}

async function opened(t: TestContext, path: string): Promise<Store> {
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path, journalId: JOURNAL_ID, journalEnd: 3_000, log })
  t.after(() => store.close())
  return store
}

/** Waits until the full-text index has the records before this one, and no others. */
async function textedUpTo(t: TestContext, path: string, record: number): Promise<void> {
  const db = new Database(path, { readonly: true })
  t.after(() => db.close())
  const texted = db.prepare<[], number>('SELECT texted FROM meta').pluck()
  await eventually(async () => (texted.get() === record ? true : undefined))
}

test('a word is found before and after it is in the full-text index', async (t) => {
  const path = folder(t)
  const store = await opened(t, path)
  const all = events(600)
  const ids = all.map(({ event }) => event.id)
  await store.write(batchOf(all.slice(0, 300)))
  assert.deepEqual(await found(store, RARE), [ids[7]])

  await store.moveCursor(300)
  await store.write(batchOf(all.slice(300), 300))
  await textedUpTo(t, path, 300)
  assert.deepEqual(await found(store, RARE), [ids[7]])
  assert.deepEqual(await found(store, 'ready'), ids)
  assert.deepEqual(await found(store, 'ready NOT zebra'), ids.toSpliced(7, 1))
  assert.deepEqual(await found(store, 'nowhere'), [])

  await store.moveCursor(600)
  await textedUpTo(t, path, 600)
  assert.deepEqual(await found(store, '"is ready" AND (zebra OR nowhere)'), [ids[7]])
})

test('few candidates are gone through, many are passed over, and too many say nothing', (t) => {
  const db = openToWrite(folder(t), JOURNAL_ID)
  t.after(() => db.close())
  const writer = openWriter(db)
  const all = events(4_000)
  writer.write(batchOf(all))
  writer.moveCursor(all.length)
  const texts = openTexts(db)
  const are = (query: string) => textCandidates(db, parseQuery(query, NOW))?.are
  assert.equal(are(RARE), undefined, 'nothing is known yet')
  assert.equal(texts.addSome(), true)
  assert.ok(texts.end() < 1_500, 'so many bytes are more than one step')
  assert.equal(are(RARE), 'many', 'those without words are too many to be looked at one by one')
  while (texts.addSome());
  assert.equal(are(RARE), 'few')
  assert.equal(are('nowhere'), 'few')
  assert.equal(are('ready'), 'many')
  assert.equal(are('read*'), 'many')
  assert.equal(are('rea*'), undefined)
  assert.equal(are('ready AND zebra'), 'few')
  assert.equal(are('ready OR zebra'), 'many')
  assert.equal(are('task:zebra rc:0'), 'few')
  for (const query of ['NOT zebra', 'zebra OR rc:0', 'host:web-1']) assert.equal(are(query), undefined, query)
})

test('what leaves the index leaves the full-text index', (t) => {
  const db = openToWrite(folder(t), JOURNAL_ID)
  t.after(() => db.close())
  const writer = openWriter(db)
  const all = events(10)
  writer.write(batchOf(all))
  writer.moveCursor(10)
  while (writer.addWords().isMore);
  const records = db.prepare<[], number>(`SELECT rowid FROM texts WHERE texts MATCH '"zebra"'`).pluck()
  assert.deepEqual(records.all(), [7])
  db.prepare('DELETE FROM events WHERE record = 7').run()
  assert.deepEqual(records.all(), [])
})

test('an event that is written late is found by its words', async (t) => {
  const path = folder(t)
  const store = await opened(t, path)
  const all = events(10)
  await store.write(batchOf(all.slice(0, 7)))
  await store.write(batchOf(all.slice(8), 8))
  await store.moveCursor(10)
  await textedUpTo(t, path, 10)
  assert.deepEqual(await found(store, RARE), [])
  await store.write(batchOf(all.slice(7, 8), 7))
  assert.deepEqual(await found(store, RARE), [all[7]?.event.id])
})

test('the full-text index is gone on with after the store was closed', async (t) => {
  const path = folder(t)
  const db = openToWrite(path, JOURNAL_ID)
  const writer = openWriter(db)
  writer.write(batchOf(events(2_500)))
  writer.moveCursor(2_500)
  writer.addWords()
  db.close()
  await opened(t, path)
  await textedUpTo(t, path, 2_500)
})
