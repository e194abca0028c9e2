import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import Database from 'better-sqlite3'
import { openSqliteRepair } from '../../server/index/sqlite/repair.ts'
import { openSqliteStore, type SqliteStoreOptions } from '../../server/index/sqlite/store.ts'
import type { Store } from '../../server/index/store.ts'
import { batchOf, JOURNAL_ID, runOfEvents } from './fixtures.ts'
import { testStoreContract } from './store-contract.ts'
import { testStoreProperties } from './store-properties.ts'

const folder = mkdtempSync(join(tmpdir(), 'playtrail-index-'))
after(() => rmSync(folder, { recursive: true }))

const START = Date.UTC(2026, 10, 5, 9, 30)

testStoreContract((t) => open(t, temporaryPath()))
testStoreProperties((t) => open(t, temporaryPath()))

test('an index that was closed is opened again as it was', async (t) => {
  const path = temporaryPath()
  const first = await open(t, path)
  await first.write(batchOf([runOfEvents(START).started()]))
  await first.moveCursor(1)
  await first.close()
  assert.deepEqual(readdirSync(join(path, '..')), ['index.sqlite'], 'the write-ahead log was emptied')
  const again = await open(t, path, { journalEnd: 1 })
  assert.equal(await again.cursor(), 1)
  assert.equal((await again.runs({ limit: 10 })).items.length, 1)
})

test('a task whose results were all removed by a repair is in no outline', async (t) => {
  const path = temporaryPath()
  const store = await open(t, path)
  const run = runOfEvents(START)
  await store.write(batchOf([run.result('web-1', 'ok', 'install'), run.result('web-1', 'ok', 'restart')]))
  const db = new Database(path, { readonly: true })
  t.after(() => db.close())
  const place = "SELECT task || ' ' || host FROM results WHERE sequence = 0"
  const repair = openSqliteRepair(path, JOURNAL_ID)
  t.after(() => repair.close())
  await repair.removeResults([db.prepare<[], string>(place).pluck().get() ?? ''])
  const { tasks } = await store.outline(run.id)
  assert.deepEqual(
    tasks.map(({ ansible }) => ansible.task.name),
    ['restart']
  )
})

const foreign: [
  name: string,
  reason: RegExp,
  options: Partial<SqliteStoreOptions>,
  spoil?: (path: string) => void
][] = [
  ['of another journal', /made from the journal/, { journalId: '00000000-0000-4000-8000-000000000000' }],
  ['ahead of its journal', /holds record 1, and the journal ends before 1/, { journalEnd: 1 }],
  ['of another format', /has format 999/, {}, (path) => edit(path, 'PRAGMA user_version = 999')],
  ['that lacks a table', /damaged: no such table/, {}, (path) => edit(path, 'DROP TABLE meta')],
  ['that is no database', /damaged/, {}, (path) => writeFileSync(path, 'x'.repeat(8192))],
  ['that is empty', /has format 0/, {}, (path) => writeFileSync(path, '')]
]

for (const [name, reason, options, spoil] of foreign) {
  test(`an index ${name} is thrown away, and said so`, async (t) => {
    const path = temporaryPath()
    const first = await open(t, path)
    await first.write(batchOf([runOfEvents(START).started(), runOfEvents(START, { which: 1 }).started()]))
    await first.moveCursor(2)
    await first.close()
    spoil?.(path)
    const warnings: unknown[] = []
    const log = { warn: (about: unknown) => void warnings.push(about) }
    const again = await open(t, path, { journalEnd: 2, ...options, log })
    assert.equal(await again.cursor(), 0)
    assert.deepEqual(await again.events({ order: 'asc', limit: 1 }), { items: [] })
    assert.equal(warnings.length, 1)
    assert.match(JSON.stringify(warnings), reason)
  })
}

test('a batch that cannot be read leaves nothing, and does not spoil those after it', async (t) => {
  const store = await open(t, temporaryPath())
  const run = runOfEvents(START)
  const events = [run.started(), run.result('web-1', 'ok'), run.finished('success')]
  const damaged = batchOf(events)
  damaged.bytes[damaged.bytes.length - 1] = 0
  await assert.rejects(store.write(damaged), /record 2 is damaged/)
  assert.deepEqual(await store.runs({ limit: 1 }), { items: [] })
  assert.deepEqual(await store.write(batchOf(events)), [])
  const [found] = (await store.runs({ limit: 1, host: 'web-1' })).items
  assert.equal(found?.playtrail.events, 3)
})

test('the bytes of a batch are moved, not copied', async (t) => {
  const store = await open(t, temporaryPath())
  const batch = batchOf([runOfEvents(START).started()])
  await store.write(batch)
  assert.equal(batch.bytes.byteLength, 0)
})

test('while a write is refused by the file the promise rejects, and the next try succeeds', async (t) => {
  const path = temporaryPath()
  const store = await open(t, path)
  const batch = () => batchOf([runOfEvents(START).started()])
  edit(
    path,
    "CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'refused by the test'); END"
  )
  await assert.rejects(store.write(batch()), {
    message: 'index: refused by the test',
    code: /^SQLITE_CONSTRAINT/
  })
  edit(path, 'DROP TRIGGER refuse')
  assert.deepEqual(await store.write(batch()), [])
  assert.equal((await store.runs({ limit: 1 })).items.length, 1)
})

test('a question that the file cannot answer rejects, and the next one is answered', async (t) => {
  const path = temporaryPath()
  const store = await open(t, path)
  edit(path, 'ALTER TABLE runs RENAME TO gone')
  await assert.rejects(store.runs({ limit: 1 }), /no such table: runs/)
  edit(path, 'ALTER TABLE gone RENAME TO runs')
  assert.deepEqual(await store.runs({ limit: 1 }), { items: [] })
})

test('a worker that cannot open the file rejects with the reason', async (t) => {
  const path = join(temporaryPath(), 'there', 'is', 'none')
  await assert.rejects(open(t, path), /worker ended: .*directory does not exist/)
})

test('a reader that dies rejects what it was asked, and another takes its place', async (t) => {
  const path = temporaryPath()
  const store = await open(t, path)
  // A reader is started by its first question, and reads this table then.
  edit(path, 'ALTER TABLE meta RENAME TO gone')
  await assert.rejects(store.runs({ limit: 1 }), /worker ended: no such table: meta/)
  edit(path, 'ALTER TABLE gone RENAME TO meta')
  assert.deepEqual(await store.runs({ limit: 1 }), { items: [] })
})

test('a page of large items ends early, and goes on', async (t) => {
  const store = await open(t, temporaryPath())
  const run = runOfEvents(START)
  const stdout = 'x'.repeat(200_000)
  const events = Array.from({ length: 60 }, () =>
    run.next('run.heartbeat', { ansible: { result: { status: 'ok', stdout } } })
  )
  await store.write(batchOf(events))
  const first = await store.events({ order: 'asc', limit: 1000 })
  assert.ok(first.items.length < 60)
  const second = await store.events({ order: 'asc', limit: 1000, after: first.next })
  assert.equal(first.items.length + second.items.length, 60)
  assert.equal(second.next, undefined)
})

test('after the end everything rejects, and closing again does nothing', async (t) => {
  const store = await open(t, temporaryPath())
  await store.close()
  await store.close()
  await assert.rejects(store.write(batchOf([runOfEvents(START).started()])), /index is closed/)
  await assert.rejects(store.runs({ limit: 1 }), /index is closed/)
})

test('what was asked before the end is answered', async (t) => {
  const path = temporaryPath()
  const store = await open(t, path)
  const written = store.write(batchOf([runOfEvents(START).started()]))
  const found = store.runs({ limit: 1 })
  await store.close()
  assert.deepEqual(await written, [])
  assert.ok((await found).items.length <= 1)
  assert.ok(existsSync(path) && statSync(path).size > 0)
})

function temporaryPath(): string {
  return join(mkdtempSync(join(folder, 'test-')), 'index.sqlite')
}

async function open(t: TestContext, path: string, options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path, journalId: JOURNAL_ID, journalEnd: 0, log, ...options })
  t.after(() => store.close())
  return store
}

function edit(path: string, sql: string): void {
  new Database(path).exec(sql).close()
}
