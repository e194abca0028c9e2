import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { parseQuery } from '../../server/ask/query/parse.ts'
import { Problem } from '../../server/errors.ts'
import { openReader, type Reader } from '../../server/index/sqlite/reader.ts'
import { openToRead } from '../../server/index/sqlite/schema.ts'
import { createStillWanted, STILL_WANTED } from '../../server/index/sqlite/still-wanted.ts'
import { openSqliteStore, type SqliteStoreOptions } from '../../server/index/sqlite/store.ts'
import type { Store } from '../../server/index/store.ts'
import type { Summaries } from '../../server/index/summaries.ts'
import { limits } from '../../server/limits.ts'
import { eventually } from '../support/eventually.ts'
import { batchOf, JOURNAL_ID, runOfEvents } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'playtrail-questions-'))
after(() => rmSync(folder, { recursive: true }))

const START = Date.UTC(2026, 10, 5, 9, 30)
const EVENTS = 100_000
/** Matches nothing, and has to read every event several times to know. */
const SLOW = parseQuery(Array.from({ length: 12 }, (_, n) => `labels.l${n}:x`).join(' OR '), 0)
const HOUR_MS = 3_600_000

const manyEvents = join(folder, 'many.sqlite')
before(async () => {
  const log = { warn: () => undefined }
  const store = await openSqliteStore({ path: manyEvents, journalId: JOURNAL_ID, journalEnd: 0, log })
  await store.write(batchOf([runOfEvents(START).result('web-1', 'ok')]))
  await store.close()
  const copies = `
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${EVENTS})
    INSERT INTO events SELECT record + n, id || n, run, timestamp + n, action, playbook, host, user, status, task,
      duration, flags, received, sender, payload FROM events CROSS JOIN numbers WHERE record = 0`
  new Database(manyEvents).exec(copies).close()
})

test('a question whose time is over ends with query_timeout, whatever it asks', async (t) => {
  const store = await open(t, manyEvents, { questionMsMax: 1 })
  const matching = SLOW
  const questions = [
    store.events({ matching, order: 'desc', limit: 1 }),
    store.hosts({ matching }),
    store.tasks({ matching }),
    store.facets({ matching }, ['status'], 10),
    store.histogram({ matching }, 'minute')
  ]
  for (const question of await Promise.allSettled(questions)) {
    const reason: unknown = question.status === 'rejected' ? question.reason : undefined
    assert.ok(reason instanceof Problem && reason.code === 'query_timeout')
    assert.match(reason.message, /longer than 0.001 s\. Ask for a shorter time \(from, to\)/)
  }
  // The reader goes on; a question that has to wait for it may itself take longer than that.
  assert.ok(await eventually(async () => (await store.events({ order: 'desc', limit: 1 })).items[0]))
})

test('a statement that yields nothing ends when its answer is no longer wanted', async (t) => {
  const db = new Database(manyEvents, { readonly: true })
  t.after(() => db.close())
  const wanted = createStillWanted(db, HOUR_MS)
  const statements = [
    `SELECT count(*) FROM events e WHERE ${STILL_WANTED} AND e.status = 'none'`,
    `SELECT e.host, count(*) FROM events e INDEXED BY events_by_time WHERE ${STILL_WANTED} GROUP BY 1`,
    `SELECT 1 FROM runs r CROSS JOIN events e ON e.run = r.key WHERE ${STILL_WANTED} AND e.user = 99`
  ]
  const left = new Int32Array(new SharedArrayBuffer(4))
  wanted.begin(left)
  for (const sql of statements) db.prepare(sql).all()
  left[0] = 1
  for (const sql of statements)
    assert.throws(() => db.prepare(sql).all(), { message: 'nobody waits for the answer' })
})

test('each question ends while it is under way when its answer is no longer wanted, also one without filters', async (t) => {
  const path = join(folder, 'runs.sqlite')
  const store = await open(t, path)
  const runs = Array.from({ length: 150 }, (_, which) => runOfEvents(START + which * HOUR_MS, { which }))
  const events = runs.flatMap((run, which) =>
    Array.from({ length: 10 }, (_, n) => {
      const event = run.result(`web-${n}`, 'ok')
      const task = { id: 'install', name: 'install', key: `${which}`.padStart(40, '0') }
      return { ...event, ansible: { ...event.ansible, task } }
    })
  )
  await store.write(batchOf(events))
  const db = openToRead(path)
  t.after(() => db.close())
  const wanted = createStillWanted(db, HOUR_MS)
  const reader = openReader(db, wanted)
  const runId = runs[0]?.id ?? ''
  const limit = 10_000
  // The time since when everything is kept is one row.
  const questions: Record<Exclude<keyof Reader, 'keptSinceMs'>, () => unknown> = {
    runs: () => reader.runs({ limit }),
    results: () => reader.results({ runId, limit }),
    events: () => reader.events({ order: 'asc', limit }),
    eventParts: () => reader.eventParts({ order: 'asc', limit, fields: ['host.name'] }),
    outline: () => reader.outline(runId),
    trails: () => reader.trails([runId]),
    hostRuns: () => reader.hostRuns({ host: 'web-1', limit }),
    hosts: () => reader.hosts({}),
    playbooks: () => reader.playbooks({}),
    users: () => reader.users({}),
    tasks: () => reader.tasks({}),
    facets: () => reader.facets({ filter: {}, fields: ['event.action', 'host.name'], valuesMax: 10 }),
    histogram: () => reader.histogram({ filter: {}, interval: 'day' })
  }
  for (const [name, ask] of Object.entries(questions)) {
    const left = new Int32Array(new SharedArrayBuffer(4))
    wanted.begin(left)
    assert.ok(ask(), name)
    left[0] = 1
    assert.throws(ask, { message: 'nobody waits for the answer' }, name)
  }
})

test('a question that is broken off ends at once, with the reason, and does not keep others waiting', async (t) => {
  const store = await open(t, manyEvents, { questionMsMax: HOUR_MS })
  const leaving = new AbortController()
  const slow = Array.from({ length: 20 }, () =>
    store.events({ matching: SLOW, order: 'desc', limit: 1 }, leaving.signal)
  )
  const reason = new Error('gone')
  leaving.abort(reason)
  // Both readers are at work, and the others wait.
  for (const question of await Promise.allSettled(slow))
    assert.deepEqual(question, { status: 'rejected', reason })
  assert.equal((await store.runs({ limit: 1 })).items.length, 1)
})

test('writes go on while a question is under way, and the write-ahead log is shortened when it has ended', async (t) => {
  const writeAheadLogBytesMax = 1024 * 1024
  const path = join(folder, 'log.sqlite')
  new Database(manyEvents).exec(`VACUUM INTO '${path}'`).close()
  const store = await open(t, path, { questionMsMax: HOUR_MS, writeAheadLogBytesMax })
  const leaving = new AbortController()
  let hasEnded = false
  const slow = store
    .events({ matching: SLOW, order: 'desc', limit: 1 }, leaving.signal)
    .catch((error: unknown) => error)
    .finally(() => {
      hasEnded = true
    })
  const run = runOfEvents(START, { which: 7 })
  for (let batch = 0; batch < 6; batch++) {
    const events = Array.from({ length: 300 }, () => run.result('web-1', 'ok', 'x'.repeat(500)))
    await store.write(batchOf(events, EVENTS + 1_000 + batch * 300))
  }
  assert.ok(!hasEnded, 'the question is still under way')
  assert.ok(statSync(`${path}-wal`).size > writeAheadLogBytesMax)
  // This one waits until the log is short.
  const next = store.runs({ limit: 1 })
  leaving.abort(new Error('gone'))
  await slow
  assert.equal((await next).items[0]?.run.id, run.id)
  const endMs = Date.now() + 60_000
  while (statSync(`${path}-wal`).size > writeAheadLogBytesMax) {
    assert.ok(Date.now() < endMs, 'the write-ahead log is still long after a minute')
    await pause(5)
  }
})

test('the questions that were broken off leave their places to others while readers are at work', async (t) => {
  const store = await open(t, manyEvents, { questionMsMax: HOUR_MS })
  const working = new AbortController()
  const leaving = new AbortController()
  const slow = (signal: AbortSignal): Promise<unknown> =>
    store.events({ matching: SLOW, order: 'desc', limit: 1 }, signal).catch((error: unknown) => error)
  const underWay = [slow(working.signal), slow(working.signal)]
  const waiting = Array.from({ length: limits.questionsWaitingMax }, () => slow(leaving.signal))
  await assert.rejects(store.runs({ limit: 1 }), { code: 'overloaded' })
  const reason = new Error('gone')
  leaving.abort(reason)
  assert.ok((await Promise.all(waiting)).every((error) => error === reason))
  const next = store.runs({ limit: 1 })
  working.abort(reason)
  assert.deepEqual(await Promise.all(underWay), [reason, reason])
  assert.equal((await next).items.length, 1)
})

test('the time of a question begins when it is asked, not when its turn comes', async (t) => {
  const asked = { matching: SLOW, order: 'desc', limit: 1 } as const
  const patient = await open(t, manyEvents, { questionMsMax: HOUR_MS })
  await patient.events(asked)
  const beganMs = performance.now()
  await patient.events(asked)
  const oneMs = performance.now() - beganMs

  // Two at a time, the last one's turn comes when ten times as long has passed as one takes.
  const store = await open(t, manyEvents, { questionMsMax: Math.ceil(3 * oneMs) })
  const questions = Array.from({ length: 20 }, () => store.events(asked))
  const last = (await Promise.allSettled(questions)).at(-1)
  const reason: unknown = last?.status === 'rejected' ? last.reason : undefined
  assert.ok(reason instanceof Problem && reason.code === 'query_timeout')
})

test('a store that is closed rejects the questions that wait, and answers those under way', async (t) => {
  const store = await open(t, manyEvents, { questionMsMax: HOUR_MS })
  const leaving = new AbortController()
  const asked = { matching: SLOW, order: 'desc', limit: 1 } as const
  const underWay = [store.events(asked, leaving.signal), store.events({ order: 'desc', limit: 1 })]
  const waiting = [store.runs({ limit: 1 }), store.hosts({})]
  const ended = Promise.allSettled([...underWay, ...waiting])
  const closed = store.close()
  for (const question of await Promise.allSettled(waiting))
    assert.equal(String(question.status === 'rejected' && question.reason), 'Error: the index is closed')
  assert.equal((await underWay[1])?.items.length, 1)
  leaving.abort(new Error('gone'))
  await Promise.all([closed, ended])
})

test('a failure that is no problem of the asker comes through as it is', async (t) => {
  const path = join(folder, 'broken.sqlite')
  const store = await open(t, path)
  new Database(path).exec('ALTER TABLE tallies RENAME TO gone').close()
  await assert.rejects(store.histogram({}, 'day'), {
    name: 'Error',
    message: /^index: no such table: tallies/
  })
})

async function open(
  t: TestContext,
  path: string,
  options: Partial<SqliteStoreOptions> = {}
): Promise<Store & Summaries> {
  const log = { warn: () => undefined }
  const store = await openSqliteStore({
    path,
    journalId: JOURNAL_ID,
    journalEnd: 10_000_000,
    log,
    ...options
  })
  t.after(() => store.close())
  return store
}
