import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import type { DataFolder } from '../../server/data-folder.ts'
import type { Event } from '../../server/event-types.ts'
import { Uncheckable } from '../../server/index/reconcile/comparable.ts'
import { openSqliteComparable } from '../../server/index/sqlite/comparable.ts'
import { openSqliteRepair } from '../../server/index/sqlite/repair.ts'
import { openSqliteStore, type SqliteStoreOptions } from '../../server/index/sqlite/store.ts'
import { type Ending, onEnd } from '../support/cleanup.ts'
import { batchOf, runId, runOfEvents } from './fixtures.ts'
import { compare, eventsOfRuns, indexInto, inShort, left, recorded, START } from './reconcile-world.ts'
import { rollUpsOf } from './roll-ups.ts'

const events = eventsOfRuns(3)

test('an index that was made of the journal agrees with it', async (t) => {
  const { folder, index } = await indexed(t, events)
  const compared = await compare(folder, index)
  assert.deepEqual(compared.told, [])
  assert.deepEqual([compared.first, compared.next, compared.pending, compared.runs], [0, events.length, 0, 3])
})

const spoilings: [what: string, sql: string, told: string[], fields?: string[]][] = [
  ['a row that was deleted', 'DELETE FROM events WHERE record = 4', ['event missing $4']],
  [
    'a column that was changed',
    "UPDATE events SET status = 'failed' WHERE record = 4",
    ['event changed $4'],
    ['columns.status']
  ],
  [
    'a name that was changed in one row',
    "UPDATE events SET host = (SELECT key FROM names WHERE name = 'alice') WHERE record = 4",
    ['event changed $4'],
    ['columns.host']
  ],
  [
    'a payload that was changed',
    `UPDATE events SET payload = CAST(json_set(CAST(payload AS TEXT), '$.user.name', 'mallory') AS BLOB) WHERE record = 0`,
    ['event changed $0'],
    ['user.name', 'event.hash']
  ],
  [
    'a payload of which only the bytes were changed',
    `UPDATE events SET payload = CAST(CAST(payload AS TEXT) || ' ' AS BLOB) WHERE record = 0`,
    ['event changed $0'],
    ['event.hash']
  ],
  [
    'a row under another number',
    'UPDATE events SET record = 100 WHERE record = 4',
    ['event changed $4'],
    ['columns.record']
  ],
  [
    'a row that no record stands for, in the place of one',
    "UPDATE events SET id = 'made-up' WHERE record = 4",
    ['event missing $4', 'event added made-up']
  ],
  [
    'a row beyond the end of the journal',
    "INSERT INTO events SELECT 1000, 'made-up', run, timestamp, action, playbook, host, user, status, task, duration, flags, received, sender, payload FROM events WHERE record = 4",
    ['event added made-up']
  ],
  [
    'a row with an impossible number',
    "INSERT INTO events SELECT -1, 'made-up', NULL, timestamp, action, playbook, host, user, status, task, duration, flags, received, sender, payload FROM events WHERE record = 4",
    ['event added made-up']
  ],
  [
    'two rows that were exchanged',
    exchange(4, 7),
    ['event changed $4', 'event changed $7'],
    ['columns.record']
  ],
  ['a result that was deleted', 'DELETE FROM results WHERE record = 7', ['result missing #7']],
  [
    'a result whose status was changed',
    "UPDATE results SET status = 'ok' WHERE record = 6",
    ['result changed #6'],
    ['columns.status']
  ],
  [
    'a result that pretends to be later',
    "UPDATE results SET status = 'ok', sequence = 999 WHERE record = 6",
    ['result changed #6'],
    ['columns.sequence', 'columns.status']
  ],
  [
    'a result that names another record',
    'UPDATE results SET record = 7 WHERE record = 6',
    ['result changed #6'],
    ['columns.record']
  ],
  [
    'a run whose status was changed',
    "UPDATE runs SET status = 'success' WHERE key = 1",
    ['run changed @1'],
    ['columns.status']
  ],
  [
    'a run whose counts were changed',
    'UPDATE runs SET events = events + 1, ok = ok - 1 WHERE key = 1',
    ['run changed @1'],
    ['columns.events', 'columns.ok']
  ],
  [
    'a host that a run has nothing to do with',
    "INSERT INTO run_hosts SELECT (SELECT key FROM names WHERE name = 'alice'), id FROM runs WHERE key = 1",
    ['run changed @1'],
    ['hosts']
  ],
  [
    'a run without events',
    "INSERT INTO runs SELECT 99, 'made-up', status, name, path, user, kind, checked, begin, ended, measured, started, finished, aborted, silenced, events, silences, last_received, heard, heard_until, ok, changed, failed, skipped, unreachable FROM runs WHERE key = 1",
    ['run added made-up']
  ]
]

for (const [what, sql, told, fields] of spoilings) {
  test(`${what} is named, and repaired`, async (t) => {
    const { folder, index, repair } = await indexed(t, events)
    const expected = told.map((text) => named(folder, text)).sort()
    const sums = rollUpsOf(folder.index)
    edit(folder, sql)
    const compared = await compare(folder, index)
    assert.deepEqual(inShort(compared.told), expected)
    if (fields !== undefined)
      for (const difference of compared.told) assert.deepEqual(difference.fields, fields)
    const repaired = await compare(folder, index, { repair })
    assert.deepEqual(inShort(repaired.told), expected)
    assert.equal(repaired.repaired, expected.length)
    assert.equal(left(repaired), 0)
    assert.deepEqual((await compare(folder, index)).told, [])
    assert.deepEqual(rollUpsOf(folder.index), sums)
  })
}

test('a run that was deleted takes its events and results with it, and all of it is made again', async (t) => {
  const { folder, index, repair } = await indexed(t, events)
  const sums = rollUpsOf(folder.index)
  edit(folder, 'DELETE FROM runs WHERE key = 1')
  const compared = await compare(folder, index)
  assert.ok(inShort(compared.told).includes(`run missing ${events[0]?.run?.id}`))
  assert.equal(left(await compare(folder, index, { repair })), 0)
  assert.deepEqual(rollUpsOf(folder.index), sums)
})

test('what the index has not come to yet is not missing, and counted', async (t) => {
  const { folder, index } = await indexed(t, events, 10)
  const compared = await compare(folder, index)
  assert.deepEqual(compared.told, [])
  assert.deepEqual([compared.next, compared.pending], [10, events.length - 10])
})

test('a comparison of no record at all proves nothing, and says so', async (t) => {
  const folder = await recorded(t, events)
  await assert.rejects(
    async () => compare(folder, openSqliteComparable(folder.index, folder.log)),
    Uncheckable
  )
  await fill(folder, 0)
  const index = openSqliteComparable(folder.index, folder.log)
  await assert.rejects(
    compare(folder, index),
    (error) => error instanceof Uncheckable && /none of these records/.test(error.message)
  )
  await index.close()
  assert.throws(() => openSqliteComparable(folder.index, '00000000-0000-4000-8000-000000000000'), Uncheckable)
})

test('a cursor beyond the end of the journal is a difference, of which nothing is repaired', async (t) => {
  const { folder, index, repair } = await indexed(t, events)
  edit(folder, 'UPDATE meta SET cursor = 1000')
  assert.deepEqual(inShort((await compare(folder, index)).told), [`cursor changed ${folder.log}`])
  await assert.rejects(compare(folder, index, { repair }), Uncheckable)
})

test('a record that is no event is a dead letter, and so is one that is known to be refused', async (t) => {
  const { folder, index } = await indexed(t, [...events, 'no event'])
  edit(folder, 'DELETE FROM events WHERE record = 4')
  const compared = await compare(folder, index, { isDeadLetter: ({ index: record }) => record === 4 })
  assert.equal(compared.deadLetters, 2)
  assert.deepEqual(
    compared.told.filter(({ document }) => document === 'event'),
    []
  )
})

test('only the records that are asked for are compared', async (t) => {
  const { folder, index, repair } = await indexed(t, events)
  edit(folder, 'DELETE FROM events WHERE record IN (2, 9)')
  edit(folder, 'UPDATE events SET record = 9 WHERE record = 4')
  const compared = await compare(folder, index, { first: 5, next: 12 })
  assert.deepEqual(
    inShort(compared.told),
    [4, 9].map((record) => named(folder, `event ${record === 4 ? 'changed' : 'missing'} $${record}`)).sort()
  )
  assert.equal(left(await compare(folder, index, { first: 5, next: 12, repair })), 0)
  assert.deepEqual(inShort((await compare(folder, index)).told), [named(folder, 'event missing $2')])
})

type Mutation = [kind: string, sql: (at: number) => string, told: (at: number) => string[]]

const ofEvents: Mutation[] = [
  ['deleted', (at) => `DELETE FROM events WHERE record = ${at}`, (at) => [`event missing $${at}`]],
  [
    'column',
    (at) => `UPDATE events SET timestamp = timestamp + 1 WHERE record = ${at}`,
    (at) => [`event changed $${at}`]
  ],
  [
    'payload',
    (at) => `UPDATE events SET payload = x'00' WHERE record = ${at}`,
    (at) => [`event changed $${at}`]
  ],
  ['run', (at) => `UPDATE events SET run = NULL WHERE record = ${at}`, (at) => [`event changed $${at}`]],
  [
    'moved',
    (at) => `UPDATE events SET record = ${1000 + at} WHERE record = ${at}`,
    (at) => [`event changed $${at}`]
  ],
  [
    'id',
    (at) => `UPDATE events SET id = 'made-up-${at}' WHERE record = ${at}`,
    (at) => [`event missing $${at}`, `event added made-up-${at}`]
  ],
  [
    'added',
    (at) =>
      `INSERT INTO events SELECT ${2000 + at}, 'more-${at}', run, timestamp, action, playbook, host, user, status, task, duration, flags, received, sender, payload FROM events WHERE record = ${at}`,
    (at) => [`event added more-${at}`]
  ]
]
const ofResults: Mutation[] = [
  ['deleted', (at) => `DELETE FROM results WHERE record = ${at}`, (at) => [`result missing #${at}`]],
  [
    'status',
    (at) => `UPDATE results SET status = 'skipped' WHERE record = ${at}`,
    (at) => [`result changed #${at}`]
  ],
  [
    'later',
    (at) => `UPDATE results SET sequence = sequence + 1000 WHERE record = ${at}`,
    (at) => [`result changed #${at}`]
  ],
  ['record', (at) => `UPDATE results SET record = 0 WHERE record = ${at}`, (at) => [`result changed #${at}`]]
]
const ofRuns: Mutation[] = [
  ['status', (at) => `UPDATE runs SET status = 'aborted' WHERE key = ${at}`, (at) => [`run changed @${at}`]],
  ['started', (at) => `UPDATE runs SET started = NULL WHERE key = ${at}`, (at) => [`run changed @${at}`]],
  [
    'counts',
    (at) => `UPDATE runs SET changed = changed + 1 WHERE key = ${at}`,
    (at) => [`run changed @${at}`]
  ],
  [
    'hosts',
    (at) => `DELETE FROM run_hosts WHERE run_id = (SELECT id FROM runs WHERE key = ${at})`,
    (at) => [`run changed @${at}`]
  ]
]
const spoilt = (mutations: Mutation[], places: readonly number[]) =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...mutations), fc.constantFrom(...places)), {
    maxLength: 5,
    selector: ([, at]) => at
  })

// Whatever is spoilt, and however much at once: each thing is named, nothing else is, and a repair leaves nothing.
test('each of any mutations is named, and nothing else is', async (t) => {
  const counting = events.flatMap((_, record) => (isCounting(record) ? record : []))
  const whole = await recorded(t, events)
  await fill(whole)
  const sums = rollUpsOf(whole.index)
  let cases = 0
  await fc.assert(
    fc.asyncProperty(
      spoilt(
        ofEvents,
        events.map((_, record) => record)
      ),
      spoilt(ofResults, counting),
      spoilt(ofRuns, [1, 2, 3]),
      async (...mutations) => {
        const ends: (() => unknown)[] = []
        const scope = { after: (end: () => unknown) => void ends.push(end) } as unknown as Ending
        const { folder, index, repair } = opened(scope, copyOf(whole, `index-${cases++}.sqlite`))
        const expected: string[] = []
        // Results and runs first: what is done to events must not change where they are found.
        for (const [[, sql, told], at] of mutations.toReversed().flat()) {
          expected.push(...told(at).map((text) => named(folder, text)))
          edit(folder, sql(at))
        }
        const compared = await compare(folder, index)
        assert.deepEqual(inShort(compared.told), expected.sort())
        assert.equal(left(await compare(folder, index, { repair })), 0)
        assert.deepEqual(rollUpsOf(folder.index), sums)
        for (const end of ends) await end()
      }
    ),
    { numRuns: 200 }
  )
})

const changes: ((event: Event) => Event)[] = [
  (event) => ({ ...event, host: { name: 'db-1' } }),
  (event) => ({ ...event, '@timestamp': '2026-10-01T00:30:00Z' }),
  (event) => ({ ...event, ansible: { ...event.ansible, result: { status: 'unreachable' } } }),
  (event) => ({
    ...event,
    ansible: { ...event.ansible, task: { id: 'other', name: 'other', key: 'b'.repeat(40) } }
  }),
  (event) => ({
    ...event,
    event: { ...event.event, duration: 1 },
    run: { ...event.run, id: runId(START, 77) }
  })
]

// The sums of what is wrong were right, so a repair has to take them back as well.
test('an index that was made of other events sums up as the journal after its repair', async (t) => {
  const whole = await recorded(t, events)
  await fill(whole)
  const sums = rollUpsOf(whole.index)
  const dropped = fc.constant(undefined)
  let cases = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(events.length - 1), fc.oneof(dropped, fc.constantFrom(...changes))), {
        minLength: 1,
        maxLength: 8
      }),
      async (made) => {
        const ends: (() => unknown)[] = []
        const scope = { after: (end: () => unknown) => void ends.push(end) } as unknown as Ending
        const folder = { ...whole, index: join(whole.path, `other-${cases++}.sqlite`) }
        const kept = new Map(events.entries())
        for (const [at, change] of made) {
          const event = kept.get(at)
          if (change === undefined) kept.delete(at)
          else if (event !== undefined) kept.set(at, change(event))
        }
        const store = await openSqliteStore(optionsOf(folder))
        for (const [at, event] of kept) await store.write({ ...batchOf([event], at), journalId: folder.log })
        await store.write({ ...batchOf([added], events.length), journalId: folder.log })
        await store.moveCursor(events.length)
        await store.close()
        const { index, repair } = opened(scope, folder)
        assert.equal(left(await compare(folder, index, { repair })), 0)
        assert.deepEqual(rollUpsOf(folder.index), sums)
        for (const end of ends) await end()
      }
    ),
    { numRuns: 30 }
  )
})

const added = runOfEvents(START, { which: 88 }).result('web-1', 'failed', 'of no journal')

interface Indexed {
  folder: DataFolder
  index: ReturnType<typeof openSqliteComparable>
  repair: ReturnType<typeof openSqliteRepair>
}

async function indexed(t: Ending, of: readonly (Event | string)[], next?: number): Promise<Indexed> {
  const folder = await recorded(t, of)
  await fill(folder, next)
  return opened(t, folder)
}

function opened(t: Ending, folder: DataFolder): Indexed {
  const index = openSqliteComparable(folder.index, folder.log)
  onEnd(t, () => index.close())
  const repair = openSqliteRepair(folder.index, folder.log)
  onEnd(t, () => repair.close())
  return { folder, index, repair }
}

/** The same journal with an index of its own. */
function copyOf(folder: DataFolder, name: string): DataFolder {
  const index = join(folder.path, name)
  copyFileSync(folder.index, index)
  return { ...folder, index }
}

async function fill(folder: DataFolder, next?: number): Promise<void> {
  const store = await openSqliteStore(optionsOf(folder))
  await indexInto(store, folder, next)
  await store.close()
}

function optionsOf(folder: DataFolder): SqliteStoreOptions {
  const log = { warn: () => undefined }
  return { path: folder.index, journalId: folder.log, journalEnd: events.length + 1, log }
}

/** `$4` stands for the id of event 4, `#4` for the key of its result, `@1` for the first run. */
function named(folder: DataFolder, text: string): string {
  const db = new Database(folder.index, { readonly: true })
  try {
    return text
      .replace(/\$(\d+)/, (_, at) => events[Number(at)]?.event.id ?? '')
      .replace(/@(\d+)/, (_, key) =>
        String(db.prepare('SELECT id FROM runs WHERE key = ?').pluck().get(Number(key)))
      )
      .replace(/#(\d+)/, (_, at) => keyOf(events[Number(at)]))
  } finally {
    db.close()
  }
}

function keyOf(event: Event | undefined): string {
  const { play, task } = event?.ansible ?? {}
  return JSON.stringify([
    event?.host?.name,
    event?.run?.id,
    play?.id ?? '',
    play?.batch ?? 0,
    task?.id,
    task?.occurrence ?? 0
  ])
}

/** True for a result that no later one replaces. */
function isCounting(record: number): boolean {
  const event = events[record]
  if (event?.event.action !== 'host.result') return false
  return !events.some(
    (other, at) => at > record && other.event.action === 'host.result' && keyOf(other) === keyOf(event)
  )
}

function exchange(one: number, other: number): string {
  return `UPDATE events SET record = -5 WHERE record = ${one};
    UPDATE events SET record = ${one} WHERE record = ${other};
    UPDATE events SET record = ${other} WHERE record = -5`
}

function edit(folder: DataFolder, sql: string): void {
  new Database(folder.index).exec(sql).close()
}
